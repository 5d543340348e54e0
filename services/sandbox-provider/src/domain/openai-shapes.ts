import type { Completion } from "./completion.ts";

export interface AnswerIdentity {
  readonly id: string;
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
}

const usageOf = (completion: Completion): object => ({
  prompt_tokens: completion.promptTokens,
  completion_tokens: completion.completionTokens,
  total_tokens: completion.promptTokens + completion.completionTokens,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const toolCallOf = (call: NonNullable<Completion["toolCall"]>, args: string): object => ({
  id: call.id,
  type: "function",
  function: { name: call.name, arguments: args },
});

/** A `chat.completion` object. */
export function answerBody(identity: AnswerIdentity, completion: Completion): string {
  const { toolCall } = completion;
  const message =
    toolCall === null
      ? { role: "assistant", content: completion.tokens.join(""), refusal: null, annotations: [] }
      : { role: "assistant", content: null, refusal: null, tool_calls: [toolCallOf(toolCall, toolCall.arguments)] };
  return JSON.stringify({
    id: identity.id,
    object: "chat.completion",
    created: identity.created,
    model: identity.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: completion.finishReason }],
    usage: usageOf(completion),
    service_tier: "default",
    system_fingerprint: "sandbox",
  });
}

/**
 * The `chat.completion.chunk` events of an answer, in order: the role, one per token, the finish reason, and with
 * `includeUsage` the usage chunk. `[DONE]` is not among them.
 */
export function answerEvents(identity: AnswerIdentity, completion: Completion, includeUsage: boolean): string[] {
  const { id, created, model } = identity;
  const head =
    `data: {"id":"${id}","object":"chat.completion.chunk","created":${created},"model":"${model}",` +
    `"service_tier":"default","system_fingerprint":"sandbox","choices":[`;
  const tail = includeUsage ? `],"usage":null}\n\n` : `]}\n\n`;
  const choice = (delta: string, finish: string): string =>
    `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}${tail}`;
  const { toolCall } = completion;
  const opening =
    toolCall === null
      ? `{"role":"assistant","content":"","refusal":null}`
      : JSON.stringify({ role: "assistant", content: null, tool_calls: [{ index: 0, ...toolCallOf(toolCall, "") }] });
  const deltaOf = (token: string): string =>
    toolCall === null
      ? `{"content":${JSON.stringify(token)}}`
      : JSON.stringify({ tool_calls: [{ index: 0, function: { arguments: token } }] });
  const events = [choice(opening, "null")];
  for (const token of completion.tokens) events.push(choice(deltaOf(token), "null"));
  events.push(choice("{}", `"${completion.finishReason}"`));
  if (includeUsage) events.push(`${head}],"usage":${JSON.stringify(usageOf(completion))}}\n\n`);
  return events;
}

export const doneEvent = "data: [DONE]\n\n";

export function errorBody(message: string, type: string, code: string | null, param: string | null = null): string {
  return JSON.stringify({ error: { message, type, param, code } });
}

export function modelBody(id: string): object {
  return { id, object: "model", created: 1_700_000_000, owned_by: "topdog-sandbox" };
}
