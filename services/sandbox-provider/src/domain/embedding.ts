import { AppError } from "@topdog/errors/app-error";
import { tokensOfText } from "@topdog/dialects/prompt-tokens";
import { hashOf } from "./prompt.ts";

const defaultDimensions = 1536;
const maxDimensions = 3072;
const maxInputs = 2048;

export interface EmbeddingRequest {
  /** Each a text, or the ids of tokens as text. */
  readonly inputs: readonly string[];
  readonly dimensions: number;
  readonly isBase64: boolean;
}

const invalid = (param: string, detail: string): AppError => new AppError("invalid_request", { param, detail });
const isTokens = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => Number.isInteger(one));

function inputsOf(input: unknown): readonly string[] {
  if (typeof input === "string") return [input];
  if (isTokens(input)) return [input.join(" ")];
  if (!Array.isArray(input) || input.length > maxInputs)
    throw invalid("input", `'input' must be a text or at most ${maxInputs} of them.`);
  return input.map((one: unknown, index) => {
    if (typeof one === "string" && one !== "") return one;
    if (isTokens(one) && one.length > 0) return one.join(" ");
    throw invalid(`input[${index}]`, `'input[${index}]' must be a text that is not empty, or a list of tokens.`);
  });
}

/** Throws AppError invalid_request. */
export function readEmbeddingRequest(body: Buffer): EmbeddingRequest {
  const request = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  const { dimensions = defaultDimensions, encoding_format: format = "float" } = request;
  if (!Number.isInteger(dimensions) || (dimensions as number) < 1 || (dimensions as number) > maxDimensions)
    throw invalid("dimensions", `'dimensions' must be a whole number from 1 to ${maxDimensions}.`);
  if (format !== "float" && format !== "base64")
    throw invalid("encoding_format", "'encoding_format' must be float or base64.");
  return { inputs: inputsOf(request["input"]), dimensions: dimensions as number, isBase64: format === "base64" };
}

/** Each word points somewhere of its own: texts that share words are near each other. Of length 1. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const sum = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    let state = hashOf(word) || 1;
    for (let index = 0; index < dimensions; index += 1) {
      // Xorshift32.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      sum[index]! += (state >>> 0) / 2 ** 31 - 1;
    }
  }
  const length = Math.hypot(...sum) || 1;
  return sum.map((one) => one / length);
}

export const embeddingTokens = ({ inputs }: EmbeddingRequest): number =>
  inputs.reduce((sum, text) => sum + tokensOfText(text), 0);

/** OpenAI's shape. */
export function embeddingBody(model: string, request: EmbeddingRequest): Buffer {
  const { inputs, dimensions, isBase64 } = request;
  const data = inputs.map((text, index) => {
    const vector = vectorOf(text, dimensions);
    const embedding = isBase64 ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  const tokens = embeddingTokens(request);
  return Buffer.from(
    JSON.stringify({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  );
}
