import * as fc from "fast-check";
import { type ApiRequest, type CallerKind, callers } from "./api-setting.ts";
import type { OpenApi, Operation, Schema } from "./document.ts";
import { oddText, oddTexts, oddValue, validValue } from "./schema-values.ts";

/** What a generated request may name, by the field it stands in. */
const namesByField: Readonly<Record<string, readonly string[]>> = {
  orgId: ["<ownOrg>", "<foreignOrg>", "org_missing"],
  org: ["<ownOrg>", "<foreignOrg>", "org_missing"],
  userId: ["<ownMember>", "<foreignUser>", "usr_missing"],
  keyId: ["<ownKey>", "<foreignKey>", "key_missing"],
  model: ["sandbox-small", "no-such-model"],
  cursor: ["<ownKey>", "eyJjcmVhdGVkQXRNcyI6MSwiaWQiOiJrZXlfMSJ9", "IngiCg"],
};
const idOf = (name: string): fc.Arbitrary<string> | null => {
  const names = namesByField[name];
  return names === undefined ? null : fc.constantFrom(...names);
};

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const contentTypes = [
  null,
  "text/plain",
  "application/json; charset=utf-16",
  "application/json;;;",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "*/*",
] as const;

/** Requests of one operation: mostly right ones with one thing wrong, so that they reach as deep as they can. */
export function fuzzRequest(document: OpenApi, operation: Operation): fc.Arbitrary<ApiRequest> {
  return fc
    .record({
      caller: mostly(fc.constantFrom<CallerKind>("user", "org owner", "org member"), fc.constantFrom(...callers), 6),
      method: mostly(fc.constant(operation.method), fc.constantFrom(...methods), 8),
      path: pathOf(document, operation),
      query: queryOf(document, operation),
      contentType: mostly(fc.constant("application/json"), fc.constantFrom(...contentTypes), 8),
      body: operation.body === null ? fc.option(rawBody, { freq: 5 }) : bodyOf(document, operation.body),
    })
    .map(({ path, query, ...request }) => ({
      ...request,
      target: query === "" ? path : `${path}?${query}`,
      body: request.method === "GET" || request.method === "HEAD" ? null : request.body,
    }));
}

const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight }, { arbitrary: rare, weight: 1 });

/** A half of a surrogate pair has no percent-encoding. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
const brokenEncodings = ["%", "%zz", "%ff", "%c0%af", "%ed%a0%80", "%00", "%2e%2e", "%2F", "a%0d%0ab", "+", "%5c"];
const oddPart = fc.oneof(oddText.map(encode), fc.constantFrom(...brokenEncodings));
/** An empty part would make it another path. */
const oddPathPart = oddPart.filter((part) => part !== "");

function pathOf(document: OpenApi, operation: Operation): fc.Arbitrary<string> {
  const pieces = operation.path.split(/(\{\w+\})/).map((piece) => {
    const parameter = operation.parameters.find((one) => one.in === "path" && piece === `{${one.name}}`);
    if (parameter === undefined) return fc.constant(piece);
    const valid = validValue(document, parameter.schema, parameter.name, idOf).map((value) => asText(value));
    return mostly(valid, oddPathPart, 5);
  });
  return fc.tuple(...pieces).map((parts) => parts.join(""));
}

/** Names of ours stay as they are until they are replaced. */
const asText = (value: unknown): string => (/^<\w+>$/.test(String(value)) ? String(value) : encode(String(value)));

function queryOf(document: OpenApi, operation: Operation): fc.Arbitrary<string> {
  const pairs = operation.parameters
    .filter((one) => one.in === "query")
    .map(({ name, schema }) => {
      const valid = validValue(document, schema, name, idOf).map((value) => asText(value));
      return fc.option(
        mostly(valid, oddPart, 3).map((value) => `${name}=${value}`),
        { freq: 1 },
      );
    });
  const usual = fc.tuple(...pairs).map((parts) => parts.filter((part) => part !== null).join("&"));
  const odd = fc
    .tuple(usual, fc.constantFrom("limit", "cursor", "from", "__proto__", "a[b]", "x"), oddPart)
    .map(([query, name, value]) => `${query}&${name}=${value}&${name}=1`);
  return mostly(usual, odd, 5);
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const rawBodies = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  "nothing",
  "{}{}",
  '{"a":1,}',
  "\u0000",
  "\xff\xfe{\x00}\x00",
  '\xef\xbb\xbf{"name":"x"}',
  '{"name":"\xff"}',
  '{"__proto__":{"name":"x"}}',
  '{"constructor":{"prototype":{}}}',
  '{"name":"a","name":"b"}',
  '{"name":1e400}',
  nested(20_000),
  `{"name":${nested(20_000)}}`,
  `{"name":"${"x".repeat(70_000)}"}`,
];
const rawBody: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...rawBodies),
  oddValue.map((value) => latin1(JSON.stringify(value))),
);

/** The schema's body; or with one field odd, missing or added, or twice; or cut short; or something else altogether. */
function bodyOf(document: OpenApi, schema: Schema): fc.Arbitrary<string> {
  const valid = validValue(document, schema, "", idOf);
  const changed = fc
    .tuple(
      valid,
      fc.nat(),
      fc.constantFrom("replace", "remove", "add", "repeat"),
      oddValue,
      fc.constantFrom(...oddTexts),
    )
    .map(([value, index, change, odd, name]) => changeField(value, index, change, odd, name));
  const text = fc.oneof(
    { arbitrary: valid.map((value) => JSON.stringify(value)), weight: 3 },
    { arbitrary: changed, weight: 5 },
  );
  const cut = fc.tuple(text, fc.nat(200)).map(([whole, at]) => whole.slice(0, at));
  return fc.oneof(
    { arbitrary: text.map(latin1), weight: 8 },
    { arbitrary: cut.map(latin1), weight: 1 },
    { arbitrary: rawBody, weight: 2 },
  );
}

function changeField(value: unknown, index: number, change: string, odd: unknown, name: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(odd);
  const fields = Object.entries(value as Record<string, unknown>);
  const at = fields.length === 0 ? 0 : index % fields.length;
  const field = fields[at]?.[0] ?? "x";
  if (change === "replace") fields[at] = [field, odd];
  if (change === "remove") fields.splice(at, 1);
  if (change === "add") fields.push([name, odd]);
  if (change === "repeat") fields.push([field, odd]);
  return `{${fields.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join(",")}}`;
}
