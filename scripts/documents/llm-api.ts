import type { ServedHeaderName } from "@topdog/contracts/served-headers";
import { errorRegistry, type ErrorCode } from "@topdog/errors/registry";
import type { OpenApiOptions } from "@topdog/http-kit/openapi";
import { z } from "zod";

/**
 * The LLM API is OpenAI's, and the gateway passes bodies on untouched: what stands here is what our routing reads and what
 * our answers add. OpenAI's own reference is the rest.
 */
const message = z.looseObject({ role: z.string(), content: z.unknown().optional() });

const chatCompletionRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  })
  .meta({ id: "ChatCompletionRequest", description: "As OpenAI defines it; unknown fields are passed on" });

const usage = z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
const chatCompletion = z
  .looseObject({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int(),
    model: z.string(),
    choices: z.array(z.looseObject({ index: z.int(), message, finish_reason: z.string() })),
    usage: usage.optional(),
  })
  .meta({ id: "ChatCompletion" });

const dollarsPerMillion = z.number().min(0);
const listPrice = {
  input: dollarsPerMillion,
  cached_input: dollarsPerMillion,
  cache_write: dollarsPerMillion,
  output: dollarsPerMillion,
};
const model = z
  .looseObject({
    id: z.string(),
    object: z.literal("model"),
    created: z.int(),
    owned_by: z.string(),
    type: z.literal("model"),
    display_name: z.string(),
    created_at: z.iso.datetime(),
    max_input_tokens: z.int().nullable(),
    max_tokens: z.int().nullable(),
    capabilities: z.looseObject({}).nullable(),
    context_length: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    abilities: z.array(z.string()).nullable().meta({ description: "null: nobody has said" }),
    endpoints: z.array(z.string()).meta({ description: "Where it can be called" }),
    pricing: z
      .object({
        currency: z.literal("USD"),
        per_tokens: z.literal(1_000_000),
        ...listPrice,
        long: z.object({ beyond_prompt_tokens: z.int(), ...listPrice }).optional(),
      })
      .nullable()
      .meta({ description: "List price; null: not known" }),
  })
  .meta({ id: "Model", description: "Read by the SDKs of OpenAI and of Anthropic" });
const modelList = z
  .object({
    object: z.literal("list"),
    data: z.array(model),
    has_more: z.literal(false),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "ModelList" });

const embeddingsRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-embedding"] }),
    input: z.union([z.string(), z.array(z.unknown()).min(1)]),
  })
  .meta({ id: "EmbeddingsRequest", description: "As OpenAI defines it; unknown fields are passed on" });
const embeddingsAnswer = z
  .looseObject({
    object: z.literal("list"),
    model: z.string(),
    data: z.array(z.looseObject({ index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) })),
    usage: z.looseObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: "Embeddings" });

const countTokensRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).min(1),
  })
  .meta({ id: "CountTokensRequest", description: "As Anthropic defines it" });
const tokenCount = z.object({ input_tokens: z.int().min(0) }).meta({ id: "TokenCount" });

const openAiError = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable().meta({
        description: "One of /docs/errors; in a refusal that is passed on from a provider, what that one says",
      }),
    }),
  })
  .meta({ id: "OpenAiError", description: "An error in OpenAI's shape" });

const text = (description: string) => ({ description, schema: { type: "string" as const } });
const everyAnswer = { "x-request-id": text("Quote it when you ask for help") };
const served: Readonly<Record<ServedHeaderName, ReturnType<typeof text>>> = {
  "x-topdog-provider": text("Who answered"),
  "x-topdog-model": text("The model that answered"),
  "x-topdog-attempts": text("How many upstreams were asked"),
  "x-topdog-dropped": text("What the provider was not told, because it speaks another API; absent for nothing"),
  "x-topdog-credential": text("`user` or `org`: whose own provider key served; absent for one of the platform"),
  "x-topdog-cost-usd": text(
    "What the call cost at list price, or `unknown`; a stream says it in a comment before its end",
  ),
};
const meteredAnswer = {
  ...everyAnswer,
  ...served,
  "X-RateLimit-Source": text("`personal` or `org_pool`: which bucket was charged"),
  "RateLimit-Policy": text("Each limit that was checked: its quota `q` and window `w` in seconds"),
  RateLimit: text("Each limit: what remains `r`, and the seconds until it resets `t`"),
  "x-ratelimit-limit-requests": text("The limit that runs out first"),
  "x-ratelimit-remaining-requests": text("What remains of it, as far as this gateway knows"),
  "x-ratelimit-reset-requests": text("Until 00:00 UTC, as OpenAI writes durations: `3h12m5s`"),
  "X-BYOK-Scope": text("`user` or `org`: whose provider keys could serve this call"),
  "X-BYOK-Used": text("Provider keys in use"),
  "X-BYOK-Capacity": text("Provider keys that the plan allows"),
};

const errorsOfEveryCall: readonly ErrorCode[] = [
  "headers_too_large",
  "missing_api_key",
  "invalid_api_key",
  "invalid_request",
  "too_many_bad_keys",
  "too_many_calls",
  "quota_exceeded",
  "temporary_reduced_capacity",
  "router_unavailable",
  "overloaded",
  "shutting_down",
  "internal_error",
];

const anthropicError = z
  .object({
    type: z.literal("error"),
    error: z.object({ type: z.string(), message: z.string() }),
    request_id: z.string().optional(),
  })
  .meta({ id: "AnthropicError", description: "An error in Anthropic's shape" });

const messagesRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    max_tokens: z.int().min(1),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "MessagesRequest", description: "As Anthropic defines it; unknown fields are passed on" });

const messagesAnswer = z
  .looseObject({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(z.looseObject({ type: z.string() })),
    stop_reason: z.string().nullable(),
    usage: z.looseObject({ input_tokens: z.int(), output_tokens: z.int() }),
  })
  .meta({ id: "Message" });

const responsesRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    input: z.union([z.string(), z.array(z.unknown()).min(1)]),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "ResponsesRequest", description: "As OpenAI defines it; unknown fields are passed on" });

const responsesAnswer = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    status: z.string(),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
  })
  .meta({ id: "Response" });

const errorsOfBodies: readonly ErrorCode[] = [
  "request_timeout",
  "malformed_json",
  "model_not_found",
  "payload_too_large",
  "unsupported_encoding",
];
const errorsOfModelCalls: readonly ErrorCode[] = [
  ...errorsOfBodies,
  "usage_spool_full",
  "upstream_unavailable",
  "upstream_failed",
  "upstream_answer_cut",
  "upstream_answer_invalid",
  "upstream_resting",
  "upstream_timeout",
  "upstream_overloaded",
  "upstream_rejected",
  "upstream_rate_limited",
];

function failures(codes: readonly ErrorCode[] = [], error: z.ZodType = openAiError) {
  const byStatus = Map.groupBy([...errorsOfEveryCall, ...codes], (code) => String(errorRegistry[code].status));
  const entries = [...byStatus].map(([status, group]) => {
    const description = group.map((code) => `\`${code}\`: ${errorRegistry[code].title}`).join(" ");
    return [status, { description, headers: everyAnswer, content: { "application/json": { schema: error } } }];
  });
  return Object.fromEntries(entries) as Record<`5${string}`, { description: string }>;
}

const call = { tags: ["LLM"], security: [{ ApiKey: [] }] };
const json = (schema: z.ZodType) => ({ content: { "application/json": { schema } } });

export const llmApiPaths: NonNullable<OpenApiOptions["extraPaths"]> = {
  "/v1/chat/completions": {
    post: {
      ...call,
      operationId: "createChatCompletion",
      summary: "Create a chat completion, whole or streamed",
      description:
        "Takes one API call and one LLM request from the caller's own limits, else one API call from the org bucket.",
      requestBody: { required: true, ...json(chatCompletionRequest) },
      responses: {
        "200": {
          description: "The completion; with `stream: true`, server-sent events that end with `data: [DONE]`",
          headers: meteredAnswer,
          content: {
            "application/json": { schema: chatCompletion },
            "text/event-stream": { schema: z.string().meta({ description: "`chat.completion.chunk` objects" }) },
          },
        },
        ...failures(errorsOfModelCalls),
      },
    },
  },
  "/v1/messages": {
    post: {
      ...call,
      operationId: "createMessage",
      summary: "Create a message in Anthropic's API, whole or streamed",
      description:
        "Takes what a chat completion takes. `anthropic-version` and `anthropic-beta` reach a provider of the same API as they came.",
      requestBody: { required: true, ...json(messagesRequest) },
      responses: {
        "200": {
          description: "The message; with `stream: true`, server-sent events that end with `message_stop`",
          headers: meteredAnswer,
          content: {
            "application/json": { schema: messagesAnswer },
            "text/event-stream": { schema: z.string().meta({ description: "Events as Anthropic defines them" }) },
          },
        },
        ...failures(errorsOfModelCalls, anthropicError),
      },
    },
  },
  "/v1/responses": {
    post: {
      ...call,
      operationId: "createResponse",
      summary: "Create a response in OpenAI's newer API, whole or streamed; nothing is stored",
      description:
        "Takes what a chat completion takes. `store: true`, `background`, `previous_response_id`, `conversation` and `prompt` are refused: send the whole input.",
      requestBody: { required: true, ...json(responsesRequest) },
      responses: {
        "200": {
          description: "The response; with `stream: true`, server-sent events that end with `response.completed`",
          headers: meteredAnswer,
          content: {
            "application/json": { schema: responsesAnswer },
            "text/event-stream": { schema: z.string().meta({ description: "Events as OpenAI defines them" }) },
          },
        },
        ...failures(errorsOfModelCalls),
      },
    },
  },
  "/v1/messages/count_tokens": {
    post: {
      ...call,
      operationId: "countTokens",
      summary: "Estimate how long a prompt is, before it is sent; takes one API call",
      description: "About four bytes a token: no provider is asked, and no model's own tokenizer.",
      requestBody: { required: true, ...json(countTokensRequest) },
      responses: {
        "200": { description: "The estimate", headers: meteredAnswer, ...json(tokenCount) },
        ...failures(errorsOfBodies, anthropicError),
      },
    },
  },
  "/v1/embeddings": {
    post: {
      ...call,
      operationId: "createEmbeddings",
      summary: "Make vectors of texts",
      description: "Takes what a chat completion takes. The model is one whose abilities say `embeddings`.",
      requestBody: { required: true, ...json(embeddingsRequest) },
      responses: {
        "200": { description: "The vectors", headers: meteredAnswer, ...json(embeddingsAnswer) },
        ...failures(errorsOfModelCalls),
      },
    },
  },
  "/v1/models": {
    get: {
      ...call,
      operationId: "listModels",
      summary: "List the models that can be called; takes one API call",
      responses: { "200": { description: "The models", headers: meteredAnswer, ...json(modelList) }, ...failures() },
    },
  },
  "/v1/models/{model}": {
    get: {
      ...call,
      operationId: "retrieveModel",
      summary: "Describe one model; takes one API call",
      requestParams: { path: z.object({ model: z.string() }) },
      responses: {
        "200": { description: "The model", headers: meteredAnswer, ...json(model) },
        ...failures(["model_not_found"]),
      },
    },
  },
};
