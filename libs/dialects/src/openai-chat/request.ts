import { AppError } from "@topdog/errors/app-error";
import type { ModelRequest } from "../dialect.ts";
import { newStreamReader } from "./stream.ts";

/** Fields by which a body could redirect a call or replace the platform's credential. */
const refusedFields = ["api_key", "api_base", "base_url", "organization", "extra_headers", "headers"] as const;

const openBrace = 0x7b;
const includeUsageSplice = Buffer.from(`"stream_options":{"include_usage":true},`);

type JsonObject = Record<string, unknown>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseObject(body: Buffer): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    throw new AppError("malformed_json");
  }
  if (!isObject(parsed)) throw new AppError("malformed_json", { detail: "The body is not a JSON object." });
  return parsed;
}

const invalid = (param: string, detail: string): AppError => new AppError("invalid_request", { param, detail });

function checkFields(request: JsonObject): void {
  if (typeof request["model"] !== "string" || request["model"] === "") {
    throw invalid("model", "You must provide a model parameter.");
  }
  const { messages, stream, stream_options: streamOptions } = request;
  if (!Array.isArray(messages)) throw invalid("messages", "'messages' must be an array.");
  if (messages.length === 0) throw invalid("messages", "'messages' must not be empty.");
  if (stream !== undefined && stream !== null && typeof stream !== "boolean") {
    throw invalid("stream", "'stream' must be a boolean.");
  }
  if (streamOptions !== undefined && streamOptions !== null && !isObject(streamOptions)) {
    throw invalid("stream_options", "'stream_options' must be an object.");
  }
  for (const field of refusedFields) {
    if (field in request) throw invalid(field, `'${field}' is not accepted here.`);
  }
}

/** Asks the provider to state the usage at the end of a stream; all other bytes stay as they are where possible. */
function withUsageAsked(body: Buffer, request: JsonObject): Buffer {
  const options = request["stream_options"];
  if (options === undefined) {
    const start = body.indexOf(openBrace) + 1;
    return Buffer.concat([body.subarray(0, start), includeUsageSplice, body.subarray(start)]);
  }
  const streamOptions = { ...(isObject(options) ? options : {}), include_usage: true };
  return Buffer.from(JSON.stringify({ ...request, stream_options: streamOptions }));
}

export function readRequest(body: Buffer): ModelRequest {
  const request = parseObject(body);
  checkFields(request);
  const streamed = request["stream"] === true;
  const options = request["stream_options"];
  const wantsUsage = isObject(options) && options["include_usage"] === true;
  const n = request["n"];
  const choices = typeof n === "number" && n > 1 ? n : 1;
  return {
    model: request["model"] as string,
    streamed,
    body: streamed && !wantsUsage ? withUsageAsked(body, request) : body,
    callerBytes: body.length,
    newStreamReader: () => newStreamReader({ choices, wantsUsage }),
  };
}
