import { AppError } from "@topdog/errors/app-error";
import type { ModelRequest } from "../dialect.ts";
import { type JsonMembers, type JsonSpan, membersOf, scanJsonObject, valueAt } from "../json-scanner.ts";
import { newStreamReader } from "./stream.ts";

/** Fields by which a body could redirect a call or replace the platform's credential. */
const refusedFields = ["api_key", "api_base", "base_url", "organization", "extra_headers", "headers"] as const;

const openBrace = 0x7b;
const openBracket = 0x5b;
const maxModelBytes = 1024;

const invalid = (param: string, detail: string): AppError => new AppError("invalid_request", { param, detail });

function modelOf(body: Buffer, span: JsonSpan | undefined): string {
  const isShort = span !== undefined && span.end - span.start <= maxModelBytes;
  const model = isShort ? valueAt(body, span) : null;
  if (typeof model !== "string" || model === "") throw invalid("model", "You must provide a model parameter.");
  return model;
}

function checkMessages(body: Buffer, span: JsonSpan | undefined): void {
  if (span === undefined || body[span.start] !== openBracket) throw invalid("messages", "'messages' must be an array.");
  const content = body.toString("latin1", span.start + 1, Math.min(span.end, span.start + 64));
  if (content.trimStart().startsWith("]")) throw invalid("messages", "'messages' must not be empty.");
}

/** The text of true, false, null or a number of few digits; empty for anything longer. */
const shortText = (body: Buffer, { start, end }: JsonSpan): string =>
  end - start > 5 ? "" : body.toString("latin1", start, end);

/** False also for null and for what is not there. */
function flagOf(body: Buffer, span: JsonSpan | undefined, param: string): boolean {
  const text = span === undefined ? "null" : shortText(body, span);
  if (text === "true") return true;
  if (text === "false" || text === "null") return false;
  throw invalid(param, `'${param}' must be a boolean.`);
}

/** How many choices a whole answer has. Only the provider judges the number. */
function choicesOf(body: Buffer, span: JsonSpan | undefined): number {
  const n = span === undefined ? 1 : Number(shortText(body, span));
  return n > 1 ? n : 1;
}

interface StreamOptions {
  /** Null when there is no object of options. */
  readonly object: JsonMembers | null;
  readonly includeUsage: boolean;
}

function streamOptionsOf(body: Buffer, span: JsonSpan | undefined): StreamOptions {
  if (span === undefined) return { object: null, includeUsage: false };
  if (body[span.start] === openBrace) {
    const object = membersOf(body, span);
    const param = "stream_options.include_usage";
    return { object, includeUsage: flagOf(body, object.members.get("include_usage"), param) };
  }
  if (shortText(body, span) === "null") return { object: null, includeUsage: false };
  throw invalid("stream_options", "'stream_options' must be an object.");
}

const splice = (body: Buffer, start: number, end: number, text: string): Buffer =>
  Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)]);

/** Asks the provider to state the usage at the end of a stream; every other byte stays as the caller wrote it. */
function withUsageAsked(body: Buffer, request: JsonMembers, options: JsonMembers | null): Buffer {
  if (options === null) {
    const given = request.members.get("stream_options");
    if (given !== undefined) return splice(body, given.start, given.end, '{"include_usage":true}');
    // Another member follows: the object has a model.
    return splice(body, request.start + 1, request.start + 1, '"stream_options":{"include_usage":true},');
  }
  const given = options.members.get("include_usage");
  if (given !== undefined) return splice(body, given.start, given.end, "true");
  const text = options.members.size === 0 ? '"include_usage":true' : '"include_usage":true,';
  return splice(body, options.start + 1, options.start + 1, text);
}

export function readRequest(body: Buffer): ModelRequest {
  const request = scanJsonObject(body);
  const { members } = request;
  const model = modelOf(body, members.get("model"));
  checkMessages(body, members.get("messages"));
  const streamed = flagOf(body, members.get("stream"), "stream");
  const { object, includeUsage } = streamOptionsOf(body, members.get("stream_options"));
  for (const field of refusedFields) if (members.has(field)) throw invalid(field, `'${field}' is not accepted here.`);
  const choices = choicesOf(body, members.get("n"));
  return {
    model,
    streamed,
    body: streamed && !includeUsage ? withUsageAsked(body, request, object) : body,
    callerBytes: body.length,
    newStreamReader: () => newStreamReader({ choices, wantsUsage: includeUsage }),
  };
}
