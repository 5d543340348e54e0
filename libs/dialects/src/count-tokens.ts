import { anthropicErrors } from "./anthropic-errors.ts";
import { inbound } from "./anthropic-messages/inbound.ts";
import type { Conversation } from "./conversation.ts";
import { scanJsonObject } from "./json-scanner.ts";
import type { Operation } from "./operation.ts";
import { modelOf, nonEmptyListOf, refuseMembers } from "./request-members.ts";
import { isObject, type WireObject } from "./wire-value.ts";

/** Anthropic's question how long a prompt is. No model is called for it. */
export const countTokensOperation = {
  endpoint: "messages.count_tokens",
  method: "POST",
  paths: ["/v1/messages/count_tokens"],
  cost: ["api_calls"],
  errors: anthropicErrors,
  passedHeaders: [],
  stream: null,
} as const satisfies Operation;

/** A tool that the provider describes to the model itself counts with its name alone. */
const asCustomTool = (tool: unknown): unknown =>
  isObject(tool) && typeof tool["type"] === "string" && tool["type"] !== "custom"
    ? { name: tool["name"] ?? tool["type"], input_schema: {} }
    : tool;

/** Throws AppError as for a message. */
export function readCountRequest(body: Buffer): { readonly model: string; readonly conversation: Conversation } {
  const { members } = scanJsonObject(body);
  const model = modelOf(body, members.get("model"));
  nonEmptyListOf(body, members.get("messages"), "messages");
  refuseMembers(members, []);
  const request = JSON.parse(body.toString("utf8")) as WireObject;
  const tools = Array.isArray(request["tools"]) ? { tools: request["tools"].map(asCustomTool) } : {};
  const read = inbound.read({ body: Buffer.from(JSON.stringify({ ...request, ...tools })), wantsUsage: true });
  return { model, conversation: read.conversation };
}

export const tokenCountBody = (inputTokens: number): object => ({ input_tokens: inputTokens });
