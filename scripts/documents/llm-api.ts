import type { ServedHeaderName } from "@topdog/contracts/served-headers";
import { errorRegistry, type ErrorCode } from "@topdog/errors/registry";
import type { OpenApiOptions } from "@topdog/http-kit/openapi";
import { z } from "zod";
import {
  anthropicError,
  chatCompletion,
  chatCompletionRequest,
  countTokensRequest,
  embeddingsAnswer,
  embeddingsRequest,
  messagesAnswer,
  messagesRequest,
  model,
  modelList,
  openAiError,
  responsesAnswer,
  responsesRequest,
  storedResponse,
  tokenCount,
} from "./llm-api-schemas.ts";

const text = (description: string) => ({ description, schema: { type: "string" as const } });
const everyAnswer = { "x-request-id": text("Quote it when you ask for help") };
const served: Readonly<Record<ServedHeaderName, ReturnType<typeof text>>> = {
  "x-topdog-charged": text(
    "What the call took of the daily limits: `api_calls, llm_requests`, one of them, or `none` (docs/charges.md)",
  ),
  "x-topdog-provider": text("Who answered"),
  "x-topdog-model": text("The model that answered"),
  "x-topdog-attempts": text("How many upstreams were asked"),
  "x-topdog-dropped": text("What the provider was not told, because it speaks another API; absent for nothing"),
  "x-topdog-credential": text("`user` or `org`: whose own provider key served; absent for one of the platform"),
  "x-topdog-cost-usd": text(
    "What the call cost at list price, or `unknown`; a stream says it in a comment before its end",
  ),
  "x-topdog-cache": text("`hit` or `miss`, for a request with `x-topdog-cache: <seconds>`"),
  "x-topdog-cache-age": text("Of a hit: how many seconds ago it was made"),
  "x-topdog-replayed": text("`true`: the first answer for this Idempotency-Key, which this call is not charged for"),
};
const meteredAnswer = {
  ...everyAnswer,
  ...served,
  "X-RateLimit-Source": text("`personal` or `org_pool`: which bucket was charged"),
  "RateLimit-Policy": text("Each limit that was checked: its quota `q` and window `w` in seconds, or its unit `qu`"),
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
  "org_share_spent",
  "daily_ceiling_reached",
  "temporary_reduced_capacity",
  "router_unavailable",
  "overloaded",
  "shutting_down",
  "internal_error",
];

const errorsOfBodies: readonly ErrorCode[] = [
  "request_timeout",
  "malformed_json",
  "model_not_found",
  "payload_too_large",
  "unsupported_encoding",
];
const errorsOfModelCalls: readonly ErrorCode[] = [
  ...errorsOfBodies,
  "idempotency_key_reused",
  "idempotency_in_progress",
  "idempotency_answer_too_large",
  "storage_unavailable",
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
      summary: "Create a response in OpenAI's newer API, whole or streamed, and store it",
      description:
        "Takes what a chat completion takes. It is stored for 30 days unless `store` is false, for the user of the key in its org alone; `store` in the answer says whether it was. `background`, `conversation` and `prompt` are refused.",
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
  "/v1/responses/{response}": {
    get: {
      ...call,
      operationId: "retrieveResponse",
      summary: "Read a stored response; takes one API call",
      requestParams: { path: storedResponse, query: z.object({ stream: z.string().optional() }) },
      responses: {
        "200": { description: "The response", headers: meteredAnswer, ...json(responsesAnswer) },
        ...failures(["not_found", "storage_unavailable"]),
      },
    },
    delete: {
      ...call,
      operationId: "deleteResponse",
      summary: "Delete a stored response; takes one API call",
      requestParams: { path: storedResponse },
      responses: {
        "200": {
          description: "It is gone",
          headers: meteredAnswer,
          ...json(z.object({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) })),
        },
        ...failures(["not_found", "storage_unavailable"]),
      },
    },
  },
  "/v1/responses/{response}/cancel": {
    post: {
      ...call,
      operationId: "cancelResponse",
      summary: "Cancel a response: refused, since none is made in the background; takes one API call",
      requestParams: { path: storedResponse },
      responses: failures(["not_found", "storage_unavailable", ...errorsOfBodies]),
    },
  },
  "/v1/responses/{response}/input_items": {
    get: {
      ...call,
      operationId: "listInputItems",
      summary: "List what a stored response was made from, earlier turns included; takes one API call",
      requestParams: {
        path: storedResponse,
        query: z.object({
          order: z.string().optional().meta({ description: "`desc`, or `asc`" }),
          limit: z.string().optional().meta({ description: "1 to 100; 20 if absent" }),
          after: z.string().optional().meta({ description: "The id of the item before" }),
        }),
      },
      responses: {
        "200": {
          description: "A page of items",
          headers: meteredAnswer,
          ...json(
            z.object({
              object: z.literal("list"),
              data: z.array(z.looseObject({ id: z.string() })),
              first_id: z.string().nullable(),
              last_id: z.string().nullable(),
              has_more: z.boolean(),
            }),
          ),
        },
        ...failures(["not_found", "storage_unavailable"]),
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
