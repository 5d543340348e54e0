import { openAiErrors } from "./openai-errors.ts";
import type { Operation } from "./operation.ts";
import { type JsonSpan, scanJsonObject, valueAt } from "./json-scanner.ts";
import { flagOf, shortText } from "./request-members.ts";
import { eventData } from "./server-sent-events.ts";
import { invalid, isObject, type WireObject } from "./wire-value.ts";

const operation = (endpoint: string, method: Operation["method"], path: string): Operation => ({
  endpoint: `responses.${endpoint}`,
  method,
  paths: [`/v1/responses/:response${path}`],
  cost: ["api_calls"],
  errors: openAiErrors,
  passedHeaders: [],
  stream: null,
  takesQuery: true,
});

/** What OpenAI's API offers for responses that were stored. No model is called for it. */
export const storedResponseOperations = {
  retrieve: operation("retrieve", "GET", ""),
  delete: operation("delete", "DELETE", ""),
  cancel: operation("cancel", "POST", "/cancel"),
  inputItems: operation("input_items", "GET", "/input_items"),
} as const;

export interface StorageWish {
  /** The API's default is to store. */
  readonly stores: boolean;
  readonly previousId: string | null;
}

const storedId = /^[\w-]{1,128}$/;
export const isStoredId = (id: string): boolean => storedId.test(id);

/** Throws AppError. */
export function readStorageWish(body: Buffer): StorageWish {
  const { members } = scanJsonObject(body);
  const store = members.get("store");
  const stores = store === undefined || shortText(body, store) === "null" || flagOf(body, store, "store");
  const previous = members.get("previous_response_id");
  const value = previous === undefined || previous.end - previous.start > 200 ? "" : valueAt(body, previous);
  if (previous === undefined || value === null) return { stores, previousId: null };
  if (typeof value === "string" && isStoredId(value)) return { stores, previousId: value };
  throw invalid("previous_response_id", "'previous_response_id' must be the id of a response.");
}

export const previousNotFound = (id: string): Error =>
  invalid("previous_response_id", `The response '${id}' is not stored here, or no longer.`);

interface Splice {
  readonly span: JsonSpan;
  readonly text: string;
}

function spliced(bytes: Buffer, splices: readonly Splice[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { span, text } of splices.toSorted((a, b) => a.span.start - b.span.start)) {
    parts.push(bytes.subarray(from, span.start), Buffer.from(text));
    from = span.end;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

const quote = 0x22;

/** The items of a request's input, as JSON with commas between; every byte of them as the caller wrote it. */
function inputItems(body: Buffer, span: JsonSpan | undefined): string {
  if (span === undefined) return "";
  const text = body.toString("utf8", span.start, span.end);
  return body[span.start] === quote ? `{"role":"user","content":${text}}` : text.slice(1, -1).trim();
}

const joined = (...lists: readonly string[]): string => lists.filter((items) => items !== "").join(",");

/** The request that a provider gets: nothing is stored there, and what went before stands in the input. */
export function continuedRequest(body: Buffer, history: string): Buffer {
  const { members } = scanJsonObject(body);
  const input = members.get("input");
  const splices: Splice[] = [];
  const replace = (name: string, text: string): void => {
    const span = members.get(name);
    if (span !== undefined) splices.push({ span, text });
  };
  replace("store", "false");
  replace("previous_response_id", "null");
  if (history !== "" && input !== undefined)
    splices.push({ span: input, text: `[${joined(history, inputItems(body, input))}]` });
  return spliced(body, splices);
}

/** Reasoning goes back only as its provider sealed it; ids name what is not stored at the provider. */
function outputItems(response: WireObject): string {
  const output = Array.isArray(response["output"]) ? response["output"].filter(isObject) : [];
  const replayed = output.filter(
    ({ type, encrypted_content: sealed }) => type !== "reasoning" || typeof sealed === "string",
  );
  return replayed.map(({ id: _id, status: _status, ...item }) => JSON.stringify(item)).join(",");
}

export interface MadeResponse {
  readonly id: string;
  /** The response as it is stored and shown. */
  readonly response: Buffer;
  /** What the answer ends with, in place of what it ended with. */
  readonly answerEnd: Buffer;
}

function storedForm(response: Buffer, previousId: string | null): Buffer {
  const { start, members } = scanJsonObject(response);
  const splices: Splice[] = [];
  const set = (name: string, text: string): void => {
    const span = members.get(name);
    // Another member follows: a response has an id.
    if (span === undefined) splices.push({ span: { start: start + 1, end: start + 1 }, text: `"${name}":${text},` });
    else splices.push({ span, text });
  };
  set("store", "true");
  set("previous_response_id", JSON.stringify(previousId));
  return spliced(response, splices);
}

function idOf(response: Buffer): string | null {
  const { members } = scanJsonObject(response);
  const span = members.get("id");
  const id = span === undefined || span.end - span.start > 200 ? null : valueAt(response, span);
  return typeof id === "string" && isStoredId(id) ? id : null;
}

const blankLine = Buffer.from("\n\n");

/** The response of a whole answer that was delivered: plain, or by the last event of a stream. Null when there is none in it. */
export function madeResponse(answerEnd: Buffer, streamed: boolean, previousId: string | null): MadeResponse | null {
  if (!streamed) {
    const id = idOf(answerEnd);
    if (id === null) return null;
    const response = storedForm(answerEnd, previousId);
    return { id, response, answerEnd: response };
  }
  const before = answerEnd.lastIndexOf(blankLine, answerEnd.length - blankLine.length - 1);
  const start = before < 0 ? 0 : before + blankLine.length;
  const data = eventData(answerEnd, start, answerEnd.length, "utf8");
  if (data === null) return null;
  const event = Buffer.from(data);
  const span = scanJsonObject(event).members.get("response");
  if (span === undefined) return null;
  const given = event.subarray(span.start, span.end);
  const id = idOf(given);
  if (id === null) return null;
  const response = storedForm(given, previousId);
  const type = String((JSON.parse(data) as WireObject)["type"]);
  const ended = `event: ${type}\ndata: ${spliced(event, [{ span, text: response.toString() }]).toString()}\n\n`;
  return { id, response, answerEnd: Buffer.concat([answerEnd.subarray(0, start), Buffer.from(ended)]) };
}

/** What is kept of a response: `body` is the request that the provider got, with all that went before. */
export function responseRecord(body: Buffer, response: Buffer): Buffer {
  const { members } = scanJsonObject(body);
  return Buffer.concat([
    Buffer.from(`{"input":[${inputItems(body, members.get("input"))}],"response":`),
    response,
    Buffer.from("}"),
  ]);
}

function membersOfRecord(record: Buffer): { readonly input: JsonSpan; readonly response: JsonSpan } {
  const { members } = scanJsonObject(record);
  const [input, response] = [members.get("input"), members.get("response")];
  if (input === undefined || response === undefined) throw new Error("a stored response lacks a part");
  return { input, response };
}

/** The items that a next request continues. */
export function historyOf(record: Buffer): string {
  const { input, response } = membersOfRecord(record);
  const items = record.toString("utf8", input.start + 1, input.end - 1);
  return joined(items, outputItems(valueAt(record, response) as WireObject));
}

export function responseOfRecord(record: Buffer): Buffer {
  const { response } = membersOfRecord(record);
  return record.subarray(response.start, response.end);
}

const pageSize = 20;
const maxPageSize = 100;

/** The page of input items that the query asks for, newest first unless it says otherwise. Throws AppError invalid_request. */
export function inputItemsPage(record: Buffer, id: string, query: URLSearchParams): object {
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw invalid("order", "'order' must be asc or desc.");
  const limit = Number(query.get("limit") ?? pageSize);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPageSize)
    throw invalid("limit", `'limit' must be a whole number from 1 to ${maxPageSize}.`);
  const { input } = membersOfRecord(record);
  const all = (valueAt(record, input) as WireObject[]).map((item, index) => shownItem(item, `${id}_${index}`));
  const ordered = order === "asc" ? all : all.toReversed();
  const after = query.get("after");
  const from = after === null ? 0 : ordered.findIndex((item) => item.id === after) + 1;
  if (after !== null && from === 0) throw invalid("after", "'after' must be the id of an item of this list.");
  const data = ordered.slice(from, from + limit);
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { object: "list", data, ...ends, has_more: ordered.length > from + limit };
}

/** As the API lists it: each with an id, and messages in their long form. */
function shownItem(item: WireObject, place: string): WireObject & { readonly id: string } {
  const type = item["type"] ?? "message";
  const id = typeof item["id"] === "string" ? item["id"] : `item_${place}`;
  if (type !== "message") return { ...item, id };
  const { content, role } = item;
  const part = role === "assistant" ? "output_text" : "input_text";
  const parts = typeof content === "string" ? [{ type: part, text: content }] : content;
  return { ...item, id, type, status: "completed", content: parts };
}

export const deletedBody = (id: string): object => ({ id, object: "response", deleted: true });
