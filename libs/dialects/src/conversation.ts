/**
 * A request freed of its dialect: what every provider must be told, in no provider's words. It is used only where the provider
 * does not speak the caller's dialect; else bytes pass through. Null and empty mean that the caller did not say.
 */
export interface Conversation {
  readonly model: string;
  readonly streamed: boolean;
  /** Instructions that stand before all turns, in order. */
  readonly system: readonly string[];
  /** Neighbours have different roles; the first may be the assistant's. */
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | null;
  /** Whether one answer may call several tools. */
  readonly parallelToolCalls: boolean | null;
  readonly format: AnswerForm;
  readonly sampling: Sampling;
  /** Texts that end the answer, and are not part of it. */
  readonly stop: readonly string[];
  /** Reasoning included. */
  readonly maxOutputTokens: number | null;
  /** How many answers are wanted; at least 1. */
  readonly choices: number;
  readonly logprobs: { readonly topCount: number } | null;
  readonly reasoning: ReasoningWish | null;
  /** An opaque name of the caller's end user, for the provider's abuse detection. */
  readonly endUser: string | null;
}

export type Turn =
  | { readonly role: "user"; readonly parts: readonly UserPart[] }
  | { readonly role: "assistant"; readonly parts: readonly AssistantPart[] };

export type UserPart = TextPart | ImagePart | DocumentPart | ToolResultPart;
export type AssistantPart = TextPart | RefusalPart | ReasoningPart | ToolCallPart;

export interface TextPart {
  readonly kind: "text";
  readonly text: string;
}

/** The model says that it will not answer. */
export interface RefusalPart {
  readonly kind: "refusal";
  readonly text: string;
}

export type MediaSource =
  | { readonly kind: "base64"; readonly mediaType: string; readonly base64: string }
  | { readonly kind: "url"; readonly url: string };

export interface ImagePart {
  readonly kind: "image";
  readonly source: MediaSource;
  readonly detail: "low" | "high" | "auto" | null;
}

export interface DocumentPart {
  readonly kind: "document";
  readonly source: MediaSource | { readonly kind: "text"; readonly text: string };
  readonly name: string | null;
}

export interface ToolCallPart {
  readonly kind: "tool_call";
  readonly id: string;
  readonly name: string;
  /** JSON text of an object, as the model wrote it: numbers stay as they are. */
  readonly arguments: string;
}

export interface ToolResultPart {
  readonly kind: "tool_result";
  readonly callId: string;
  readonly parts: readonly (TextPart | ImagePart | DocumentPart)[];
  readonly isError: boolean;
}

/**
 * What the model thought. A provider that wants its thoughts back needs them with its signature, byte for byte: it puts its own
 * name in front (`anthropic:…`) and leaves out reasoning whose signature has another's, since a call may be continued elsewhere.
 */
export interface ReasoningPart {
  readonly kind: "reasoning";
  /** Readable, and perhaps only a summary; empty when the provider keeps it to itself. */
  readonly text: string;
  readonly signature: string | null;
  /** The thoughts themselves, encrypted by the provider; with the provider's name in front, like a signature. */
  readonly encrypted: string | null;
}

export interface Tool {
  readonly name: string;
  readonly description: string | null;
  /** JSON schema of the arguments, an object's. */
  readonly parameters: JsonSchema;
  /** Arguments must fit the schema exactly. */
  readonly strict: boolean | null;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "tool"; readonly name: string };

export type AnswerForm =
  | { readonly kind: "text" }
  | { readonly kind: "json" }
  | {
      readonly kind: "json_schema";
      readonly name: string;
      readonly description: string | null;
      readonly schema: JsonSchema;
      readonly strict: boolean | null;
    };

export interface Sampling {
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly frequencyPenalty: number | null;
  readonly presencePenalty: number | null;
  readonly seed: number | null;
}

export const reasoningEfforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

export interface ReasoningWish {
  readonly effort: ReasoningEffort | null;
  readonly budgetTokens: number | null;
  /** The caller wants to read what the model thought, as far as the provider shows it. */
  readonly shown: boolean;
}
