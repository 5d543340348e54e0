import type { Answer, AnswerUsage, Finish } from "../conversation-answer.ts";
import type { AnswerIdentity } from "../conversation-forms.ts";
import type { AssistantPart, ReasoningPart } from "../conversation.ts";
import type { WireObject } from "../wire-value.ts";

/** An item of a response's output. */
export type OutputItem = Readonly<Record<string, unknown>>;

const usageMember = (usage: AnswerUsage): object => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cachedInputTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.inputTokens + usage.outputTokens,
});

export const textPart = (text: string): object => ({ type: "output_text", text, annotations: [], logprobs: [] });
export const refusalPart = (refusal: string): object => ({ type: "refusal", refusal });

export const messageItem = (id: string, status: string, content: readonly object[]): OutputItem => ({
  id: `msg_${id}`,
  type: "message",
  status,
  role: "assistant",
  content,
});

export const callItem = (
  id: string,
  status: string,
  call: { id: string; name: string; arguments: string },
): OutputItem => ({
  id: `fc_${id}`,
  type: "function_call",
  status,
  call_id: call.id,
  name: call.name,
  arguments: call.arguments,
});

/** The API has one member for what a provider wants back: a signature is marked, for it needs its text beside it. */
export const reasoningItem = (id: string, { text, signature, encrypted }: Omit<ReasoningPart, "kind">): OutputItem => ({
  id: `rs_${id}`,
  type: "reasoning",
  summary: text === "" ? [] : [{ type: "summary_text", text }],
  encrypted_content: encrypted ?? (signature === null ? null : `signature.${signature}`),
});

function itemOf(part: AssistantPart, id: string): OutputItem {
  switch (part.kind) {
    case "text":
      return messageItem(id, "completed", [textPart(part.text)]);
    case "refusal":
      return messageItem(id, "completed", [refusalPart(part.text)]);
    case "tool_call":
      return callItem(id, "completed", part);
    case "reasoning":
      return reasoningItem(id, part);
  }
}

const incompleteReason = ({ reason }: Finish): string | null =>
  reason === "length" ? "max_output_tokens" : reason === "content_filter" ? "content_filter" : null;

/** What a response repeats of its request. */
const echoed = (request: WireObject): object => ({
  instructions: request["instructions"] ?? null,
  max_output_tokens: request["max_output_tokens"] ?? null,
  metadata: request["metadata"] ?? {},
  parallel_tool_calls: request["parallel_tool_calls"] ?? true,
  previous_response_id: null,
  reasoning: request["reasoning"] ?? { effort: null, summary: null },
  store: false,
  temperature: request["temperature"] ?? 1,
  text: request["text"] ?? { format: { type: "text" } },
  tool_choice: request["tool_choice"] ?? "auto",
  tools: request["tools"] ?? [],
  top_p: request["top_p"] ?? 1,
  truncation: "disabled",
  background: false,
});

export interface ResponseState {
  readonly model: string;
  readonly output: readonly OutputItem[];
  /** Null while the answer is produced. */
  readonly finish: Finish | null;
  readonly usage: AnswerUsage | null;
}

export function responseOf(request: WireObject, { id, created }: AnswerIdentity, state: ResponseState): object {
  const { model, output, finish, usage } = state;
  const reason = finish === null ? null : incompleteReason(finish);
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: created,
    status: finish === null ? "in_progress" : reason === null ? "completed" : "incomplete",
    error: null,
    incomplete_details: reason === null ? null : { reason },
    model,
    output,
    ...echoed(request),
    usage: usage === null ? null : usageMember(usage),
  };
}

export function responseBody(request: WireObject, identity: AnswerIdentity, { model, choices, usage }: Answer): object {
  const [choice] = choices;
  const output = (choice?.parts ?? []).map((part, index) => itemOf(part, `${identity.id}_${index}`));
  return responseOf(request, identity, {
    model,
    output,
    finish: choice?.finish ?? { reason: "stop", stopText: null },
    usage,
  });
}
