import type { ModelRequest } from "./dialect.ts";
import { type JsonMembers, scanJsonObject } from "./json-scanner.ts";

const comma = Buffer.from(",");
const openBrace = Buffer.from("{");
const closeBrace = Buffer.from("}");

/** A member's new name; null takes it out, undefined leaves it as it is. */
export type MemberEdit = (name: string) => string | null | undefined;

/** The object with members renamed or taken out; their values stay as they came, byte for byte. */
export function editMembers(body: Buffer, { members }: JsonMembers, edit: MemberEdit): Buffer {
  const pieces: Buffer[] = [];
  for (const [name, { keyStart, start, end }] of members) {
    const next = edit(name);
    if (next === null) continue;
    pieces.push(pieces.length === 0 ? openBrace : comma);
    if (next === undefined) pieces.push(body.subarray(keyStart, end));
    else pieces.push(Buffer.from(`${JSON.stringify(next)}:`), body.subarray(start, end));
  }
  if (pieces.length === 0) pieces.push(openBrace);
  pieces.push(closeBrace);
  return Buffer.concat(pieces);
}

/** The same request for another model: nothing but its name is changed. */
export function withModel(request: ModelRequest, model: string): ModelRequest {
  if (request.model === model) return request;
  const { body } = request;
  const span = scanJsonObject(body).members.get("model");
  if (span === undefined) throw new Error("a request that was read names no model");
  const named = Buffer.concat([
    body.subarray(0, span.start),
    Buffer.from(JSON.stringify(model)),
    body.subarray(span.end),
  ]);
  return { ...request, model, body: named };
}
