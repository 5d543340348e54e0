import { z } from "zod";

const messageSchema = z.looseObject({ role: z.string(), content: z.unknown().optional() });

/** Loose on purpose: a real provider accepts fields that this one does not know. */
const chatRequestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

export interface RequestProblem {
  readonly status: 400 | 404;
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
}

export const sandboxModels = ["sandbox-small", "sandbox-large"] as const;

const problem = (message: string, param: string | null, code: string | null = null): RequestProblem => ({
  status: 400,
  message,
  code,
  param,
});

function jsonOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}

/** Reads a request body as OpenAI would; the answer is the request or what is wrong with it. */
export function parseChatRequest(body: Buffer): { request: ChatRequest } | { problem: RequestProblem } {
  const json = jsonOrNull(body);
  if (json === null) return { problem: problem("We could not parse the JSON body of your request.", null) };
  const parsed = chatRequestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: problem(issue?.message ?? "Invalid request", issue?.path.join(".") ?? null) };
  }
  const known = sandboxModels.some((model) => model === parsed.data.model);
  if (known) return { request: parsed.data };
  const message = `The model '${parsed.data.model}' does not exist`;
  return { problem: { status: 404, message, code: "model_not_found", param: null } };
}

/** All text of a message, whether its content is a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join(" ");
}
