import type { ModelRequest } from "../dialect.ts";
import { scanJsonObject, valueAt } from "../json-scanner.ts";
import { refuseNamedFiles } from "../named-files.ts";
import { flagOf, isFlexible, modelOf, nonEmptyListOf, refuseMembers } from "../request-members.ts";
import { invalid, isObject } from "../wire-value.ts";
import { newStreamReader } from "./stream.ts";

/** They would be paid with the platform's key, without a count in the usage, or reach what only its account may see. */
const refusedFields = ["mcp_servers", "container"] as const;
/** Tools that Anthropic itself runs; those that the caller runs cost nothing beside their tokens. */
const providerTools = /^(?:web_search|web_fetch|code_execution|advisor|tool_search_tool|mcp_toolset)/;
const maxOutputTokens = 1_000_000;
/** Any other costs a multiple of the list price. */
const atListPrice = { speed: '"standard"', inference_geo: '"global"' } as const;

function checkTools(tools: unknown): void {
  if (!Array.isArray(tools)) throw invalid("tools", "'tools' must be an array.");
  for (const [index, tool] of tools.entries()) {
    const type: unknown = isObject(tool) ? tool["type"] : undefined;
    if (typeof type === "string" && providerTools.test(type)) {
      throw invalid(`tools[${index}].type`, `The tool '${type.slice(0, 60)}' is not offered here.`);
    }
  }
}

export function readRequest(body: Buffer): ModelRequest {
  const { members } = scanJsonObject(body);
  const model = modelOf(body, members.get("model"));
  nonEmptyListOf(body, members.get("messages"), "messages");
  refuseNamedFiles(body, members.get("messages"), "messages");
  const streamed = flagOf(body, members.get("stream"), "stream");
  refuseMembers(members, refusedFields);
  const flexible = isFlexible(body, members.get("service_tier"));
  for (const [field, usual] of Object.entries(atListPrice)) {
    const span = members.get(field);
    const text = span === undefined ? "null" : body.toString("latin1", span.start, Math.min(span.end, span.start + 64));
    if (text !== "null" && text !== usual) throw invalid(field, `'${field}' must be ${usual}.`);
  }
  const max = members.get("max_tokens");
  const maxTokens = max === undefined || max.end - max.start > 10 ? null : valueAt(body, max);
  if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1 || (maxTokens as number) > maxOutputTokens) {
    throw invalid("max_tokens", `'max_tokens' must be a whole number from 1 to ${maxOutputTokens}.`);
  }
  const tools = members.get("tools");
  if (tools !== undefined) checkTools(valueAt(body, tools));
  return { model, streamed, body, callerBytes: body.length, flexible, wantsUsage: true, newStreamReader };
}
