import type { ModelRequest } from "../dialect.ts";
import { type JsonMembers, type JsonSpan, membersOf, scanJsonObject, valueAt } from "../json-scanner.ts";
import { refuseNamedFiles } from "../named-files.ts";
import { flagOf, isFlexible, modelOf, nonEmptyListOf, refuseMembers, shortText } from "../request-members.ts";
import { invalid, isObject } from "../wire-value.ts";
import { newStreamReader } from "./stream.ts";

const openBrace = 0x7b;
/** They would be paid with the platform's key without a count in the usage, or at another price. */
const refusedFields = ["web_search_options", "search_parameters", "audio"] as const;
/** Tools that the caller runs. Providers of this API have others that they run and are paid for by the use. */
const callersTools: ReadonlySet<unknown> = new Set(["function", "custom"]);
/** Each choice is charged as tokens, but only the call counts against the caller's requests. */
const maxChoices = 8;

/** How many choices a whole answer has. What is no number, the provider judges. */
function choicesOf(body: Buffer, span: JsonSpan | undefined): number {
  if (span === undefined) return 1;
  const n = Number(shortText(body, span));
  if (n > maxChoices || span.end - span.start > 5) throw invalid("n", `'n' must be at most ${maxChoices}.`);
  return n > 1 ? n : 1;
}

function checkTools(body: Buffer, span: JsonSpan | undefined): void {
  if (span === undefined || shortText(body, span) === "null") return;
  const tools = valueAt(body, span);
  if (!Array.isArray(tools)) throw invalid("tools", "'tools' must be an array.");
  const index = tools.findIndex((tool) => !isObject(tool) || !callersTools.has(tool["type"]));
  if (index >= 0) throw invalid(`tools[${index}].type`, "This tool is not offered here.");
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
  nonEmptyListOf(body, members.get("messages"), "messages");
  refuseNamedFiles(body, members.get("messages"), "messages");
  const streamed = flagOf(body, members.get("stream"), "stream");
  const { object, includeUsage } = streamOptionsOf(body, members.get("stream_options"));
  refuseMembers(members, refusedFields);
  const flexible = isFlexible(body, members.get("service_tier"));
  checkTools(body, members.get("tools"));
  const choices = choicesOf(body, members.get("n"));
  return {
    model,
    streamed,
    body: streamed && !includeUsage ? withUsageAsked(body, request, object) : body,
    callerBytes: body.length,
    flexible,
    wantsUsage: includeUsage,
    newStreamReader: () => newStreamReader({ choices, wantsUsage: includeUsage }),
  };
}
