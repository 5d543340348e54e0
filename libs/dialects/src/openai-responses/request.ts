import type { ModelRequest } from "../dialect.ts";
import { type JsonMembers, type JsonSpan, scanJsonObject, valueAt } from "../json-scanner.ts";
import { refuseNamedFiles } from "../named-files.ts";
import { flagOf, isFlexible, modelOf, nonEmptyListOf, refuseMembers, shortText } from "../request-members.ts";
import { invalid, isAbsent, isObject, wordOf } from "../wire-value.ts";
import { newStreamReader } from "./stream.ts";
import { callersTools } from "./tools.ts";

/** Stored responses are ours (`stored-responses.ts`), and are no more in the request by now. These reach what is stored under the platform's account at the provider, which all callers share. */
const storedFields = ["previous_response_id", "conversation", "prompt"] as const;
/** A search of the web is offered by agents on their own, among the tools that they run: it is left out, and the rest goes on. */
const leftOutTools = /^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2})?$/;

const quote = 0x22;

/** The API lets the type be left out, of a message too; but a message has a role. */
const isReference = (item: unknown): boolean =>
  isObject(item) && (isAbsent(item["type"]) ? isAbsent(item["role"]) : item["type"] === "item_reference");

/** An item that is named and not sent would be looked for under the platform's account. */
function refuseReferences(body: Buffer, input: JsonSpan): void {
  if (body[input.start] === quote) return;
  const index = (valueAt(body, input) as readonly unknown[]).findIndex(isReference);
  if (index >= 0)
    throw invalid(`input[${index}].type`, "An 'item_reference' is not possible here: send the item itself.");
}

/** A shell runs where the caller is, or in a container of the provider's. */
function runsHere(tool: unknown): boolean {
  const environment = isObject(tool) ? tool["environment"] : undefined;
  return isAbsent(environment) || (isObject(environment) && environment["type"] === "local");
}

interface OfferedTools {
  readonly kept: readonly unknown[];
  readonly dropped: readonly string[];
}

/** Without those that run at the provider, which the platform's key would pay for. */
function offeredTools(tools: unknown): OfferedTools {
  if (!Array.isArray(tools)) throw invalid("tools", "'tools' must be an array.");
  const kept: unknown[] = [];
  const dropped: string[] = [];
  for (const [index, tool] of (tools as readonly unknown[]).entries()) {
    const type = isObject(tool) ? wordOf(tool["type"]) : "";
    if (leftOutTools.test(type)) dropped.push(`tools[${index}].${type}`);
    else if (callersTools.has(type) && runsHere(tool)) kept.push(tool);
    else throw invalid(`tools[${index}].type`, "This tool is not offered here.");
  }
  return { kept, dropped };
}

const splice = (body: Buffer, { start, end }: JsonSpan, text: string): Buffer =>
  Buffer.concat([body.subarray(0, start), Buffer.from(text), body.subarray(end)]);

function checkStorage(body: Buffer, { members }: JsonMembers): void {
  for (const field of storedFields) {
    const span = members.get(field);
    if (span === undefined || shortText(body, span) === "null") continue;
    throw invalid(field, `'${field}' is not possible here. Send the whole input.`);
  }
  for (const field of ["background", "store"]) {
    if (!flagOf(body, members.get(field), field)) continue;
    throw invalid(field, `'${field}' is not possible here. Leave it out, or send false.`);
  }
}

/** The provider's default is to store: an answer of one caller would lie in an account that all share. */
function unstored(body: Buffer, { start, members }: JsonMembers): Buffer {
  const given = members.get("store");
  if (given === undefined) return splice(body, { start: start + 1, end: start + 1 }, '"store":false,');
  return shortText(body, given) === "false" ? body : splice(body, given, "false");
}

const noTools: OfferedTools = { kept: [], dropped: [] };

/** Throws where the caller wants just the tool that is left out. */
function toolsOf(body: Buffer, { members }: JsonMembers): OfferedTools {
  const tools = members.get("tools");
  if (tools === undefined || shortText(body, tools) === "null") return noTools;
  const offered = offeredTools(valueAt(body, tools));
  if (offered.dropped.length === 0) return offered;
  const choice = members.get("tool_choice");
  const isFree =
    choice === undefined || ['"auto"', '"none"', "null"].includes(body.toString("latin1", choice.start, choice.end));
  if (!isFree)
    throw invalid(
      "tools",
      `A choice of tools is not possible beside '${offered.dropped[0]}', which is not offered here.`,
    );
  return offered;
}

export function readRequest(body: Buffer): ModelRequest {
  const object = scanJsonObject(body);
  const { members } = object;
  const model = modelOf(body, members.get("model"));
  const input = members.get("input");
  if (input === undefined || body[input.start] !== quote) nonEmptyListOf(body, input, "input");
  const streamed = flagOf(body, members.get("stream"), "stream");
  refuseMembers(members, []);
  const flexible = isFlexible(body, members.get("service_tier"));
  if (input !== undefined) refuseReferences(body, input);
  refuseNamedFiles(body, input, "input");
  checkStorage(body, object);
  const { kept, dropped } = toolsOf(body, object);
  let sent = unstored(body, object);
  if (dropped.length > 0) sent = splice(sent, scanJsonObject(sent).members.get("tools")!, JSON.stringify(kept));
  const callerBytes = body.length;
  return { model, streamed, body: sent, callerBytes, flexible, wantsUsage: true, dropped, newStreamReader };
}
