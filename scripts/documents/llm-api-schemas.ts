import { z } from "zod";

/**
 * The LLM API is OpenAI's, and the gateway passes bodies on untouched: what stands here is what our routing reads and what
 * our answers add. OpenAI's own reference is the rest.
 */
const message = z.looseObject({ role: z.string(), content: z.unknown().optional() });

export const chatCompletionRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  })
  .meta({ id: "ChatCompletionRequest", description: "As OpenAI defines it; unknown fields are passed on" });

const usage = z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
export const chatCompletion = z
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
  cache_write_1h: dollarsPerMillion,
  output: dollarsPerMillion,
};
export const model = z
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
export const modelList = z
  .object({
    object: z.literal("list"),
    data: z.array(model),
    has_more: z.literal(false),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "ModelList" });

export const embeddingsRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-embedding"] }),
    input: z.union([z.string(), z.array(z.unknown()).min(1)]),
  })
  .meta({ id: "EmbeddingsRequest", description: "As OpenAI defines it; unknown fields are passed on" });
export const embeddingsAnswer = z
  .looseObject({
    object: z.literal("list"),
    model: z.string(),
    data: z.array(z.looseObject({ index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) })),
    usage: z.looseObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: "Embeddings" });

export const countTokensRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).min(1),
  })
  .meta({ id: "CountTokensRequest", description: "As Anthropic defines it" });
export const tokenCount = z.object({ input_tokens: z.int().min(0) }).meta({ id: "TokenCount" });

export const openAiError = z
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

export const anthropicError = z
  .object({
    type: z.literal("error"),
    error: z.object({
      type: z.string(),
      message: z.string(),
      code: z.string().optional().meta({ description: "Of docs/errors.md; absent when the provider refused the call" }),
    }),
    request_id: z.string().optional(),
  })
  .meta({ id: "AnthropicError", description: "An error in Anthropic's shape" });

export const messagesRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    max_tokens: z.int().min(1),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "MessagesRequest", description: "As Anthropic defines it; unknown fields are passed on" });

export const messagesAnswer = z
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

export const responsesRequest = z
  .looseObject({
    model: z.string().meta({ description: "An id from GET /v1/models", examples: ["sandbox-small"] }),
    input: z.union([z.string(), z.array(z.unknown()).min(1)]),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "ResponsesRequest", description: "As OpenAI defines it; unknown fields are passed on" });

export const responsesAnswer = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    status: z.string(),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
  })
  .meta({ id: "Response" });

export const storedResponse = z.object({ response: z.string().meta({ description: "Its id" }) });
