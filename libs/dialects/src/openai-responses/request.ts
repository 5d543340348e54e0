import type { ModelRequest } from "../dialect.ts";
import { type JsonMembers, scanJsonObject, valueAt } from "../json-scanner.ts";
import { flagOf, modelOf, nonEmptyListOf, refuseMembers, shortText } from "../request-members.ts";
import { invalid, isObject } from "../wire-value.ts";
import { newStreamReader } from "./stream.ts";

/** They reach what is stored under the platform's account at the provider, which all callers share. */
const storedFields = ["previous_response_id", "conversation", "prompt"] as const;
/** Tools that the caller runs; all others run at the provider, and the platform's key would pay for them. */
const callersTools: ReadonlySet<unknown> = new Set([
  "function",
  "custom",
  "local_shell",
  "shell",
  "apply_patch",
  "namespace",
]);

const quote = 0x22;

function checkTools(tools: unknown): void {
  if (!Array.isArray(tools)) throw invalid("tools", "'tools' must be an array.");
  for (const [index, tool] of tools.entries()) {
    const type: unknown = isObject(tool) ? tool["type"] : undefined;
    if (!callersTools.has(type)) throw invalid(`tools[${index}].type`, "This tool is not offered here.");
  }
}

function checkStorage(body: Buffer, { members }: JsonMembers): void {
  for (const field of storedFields) {
    const span = members.get(field);
    if (span === undefined || shortText(body, span) === "null") continue;
    throw invalid(field, `'${field}' is not possible: responses are not stored here. Send the whole input.`);
  }
  for (const field of ["background", "store"]) {
    if (!flagOf(body, members.get(field), field)) continue;
    throw invalid(field, `'${field}' is not possible: responses are not stored here. Leave it out, or send false.`);
  }
}

/** The provider's default is to store: an answer of one caller would lie in an account that all share. */
function unstored(body: Buffer, { start, members }: JsonMembers): Buffer {
  const given = members.get("store");
  if (given !== undefined && shortText(body, given) === "false") return body;
  if (given !== undefined)
    return Buffer.concat([body.subarray(0, given.start), Buffer.from("false"), body.subarray(given.end)]);
  return Buffer.concat([body.subarray(0, start + 1), Buffer.from('"store":false,'), body.subarray(start + 1)]);
}

export function readRequest(body: Buffer): ModelRequest {
  const object = scanJsonObject(body);
  const { members } = object;
  const model = modelOf(body, members.get("model"));
  const input = members.get("input");
  if (input === undefined || body[input.start] !== quote) nonEmptyListOf(body, input, "input");
  const streamed = flagOf(body, members.get("stream"), "stream");
  refuseMembers(members, []);
  checkStorage(body, object);
  const tools = members.get("tools");
  if (tools !== undefined && shortText(body, tools) !== "null") checkTools(valueAt(body, tools));
  const sent = unstored(body, object);
  return { model, streamed, body: sent, callerBytes: body.length, wantsUsage: true, newStreamReader };
}
