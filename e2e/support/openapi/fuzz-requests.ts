import * as fc from "fast-check";
import { type ApiRequest, type CallerKind, callers } from "./api-setting.ts";
import type { OpenApi, Operation, Parameter, Schema } from "./document.ts";
import { nearMiss, oddText, validValue } from "./schema-values.ts";
import { oddBody, validBody } from "./fuzz-bodies.ts";

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

/** Requests of one operation: right ones, and ones with one thing wrong, so that they reach as deep as they can. */
export function fuzzRequest(document: OpenApi, operation: Operation): fc.Arbitrary<ApiRequest> {
  const right: Parts = {
    caller: fc.constantFrom<CallerKind>("user", "org owner", "org member", "person"),
    method: fc.constant(operation.method),
    path: pathOf(document, operation),
    query: queryOf(document, operation),
    contentType: fc.constant("application/json"),
    body: operation.body === null ? fc.constant(null) : validBody(document, operation.body),
  };
  const hasPathInput = operation.parameters.some((one) => one.in === "path");
  return fc.oneof(
    { arbitrary: request(right), weight: 2 },
    { arbitrary: request({ ...right, caller: fc.constantFrom(...callers) }), weight: 1 },
    { arbitrary: request({ ...right, method: fc.constantFrom(...methods) }), weight: 1 },
    { arbitrary: request({ ...right, path: oddPath(document, operation) }), weight: hasPathInput ? 4 : 0 },
    { arbitrary: request({ ...right, query: oddQuery(document, operation) }), weight: 4 },
    { arbitrary: request({ ...right, contentType: fc.constantFrom(...contentTypes) }), weight: 1 },
    {
      arbitrary: request({ ...right, body: oddBody(document, operation.body) }),
      weight: operation.body === null ? 1 : 8,
    },
  );
}

type Parts = {
  readonly [Part in Exclude<keyof ApiRequest, "target">]: fc.Arbitrary<ApiRequest[Part]>;
} & { readonly path: fc.Arbitrary<string>; readonly query: fc.Arbitrary<string> };

const request = (parts: Parts): fc.Arbitrary<ApiRequest> =>
  fc.record(parts).map(({ path, query, ...rest }) => ({
    ...rest,
    target: query === "" ? path : `${path}?${query}`,
    body: rest.method === "GET" || rest.method === "HEAD" ? null : rest.body,
  }));

const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight }, { arbitrary: rare, weight: 1 });

/** A half of a surrogate pair has no percent-encoding. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
/** An object may have no prototype, and with it no way to become a string by itself. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
const brokenEncodings = ["%", "%zz", "%ff", "%c0%af", "%ed%a0%80", "%00", "%2e%2e", "%2F", "a%0d%0ab", "+", "%5c"];
const oddPart = (document: OpenApi, schema: Schema): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: nearMiss(document, schema).map((value) => encode(textOf(value))), weight: 4 },
    { arbitrary: oddText.map(encode), weight: 1 },
    { arbitrary: fc.constantFrom(...brokenEncodings), weight: 1 },
  );

/** Names of ours stay as they are until they are replaced. */
const asText = (value: unknown): string => (/^<\w+>$/.test(textOf(value)) ? textOf(value) : encode(textOf(value)));

const validPart = (document: OpenApi, { name, schema }: Parameter): fc.Arbitrary<string> =>
  validValue(document, schema, name).map(asText);

function pathOf(document: OpenApi, operation: Operation, odd?: Parameter): fc.Arbitrary<string> {
  const pieces = operation.path.split(/(\{\w+\})/).map((piece) => {
    const parameter = operation.parameters.find((one) => one.in === "path" && piece === `{${one.name}}`);
    if (parameter === undefined) return fc.constant(piece);
    // An empty part would make it another path.
    if (parameter === odd) return oddPart(document, parameter.schema).filter((part) => part !== "");
    return validPart(document, parameter);
  });
  return fc.tuple(...pieces).map((parts) => parts.join(""));
}

function oddPath(document: OpenApi, operation: Operation): fc.Arbitrary<string> {
  const inputs = operation.parameters.filter((one) => one.in === "path");
  return inputs.length === 0
    ? fc.constant(operation.path)
    : fc.constantFrom(...inputs).chain((odd) => pathOf(document, operation, odd));
}

/** Left out three times out of four: with all parameters, one wrong one would have nearly every request refused. */
function queryOf(document: OpenApi, operation: Operation, odd?: Parameter): fc.Arbitrary<string> {
  const pairs = operation.parameters
    .filter((one) => one.in === "query" && one !== odd)
    .map((one) =>
      mostly(
        fc.constant(""),
        validPart(document, one).map((value) => `${one.name}=${value}`),
        3,
      ),
    );
  return fc.tuple(...pairs).map((parts) => parts.filter((part) => part !== "").join("&"));
}

function oddQuery(document: OpenApi, operation: Operation): fc.Arbitrary<string> {
  const unknown: Parameter = { in: "query", name: "unknown", schema: {} };
  const names = ["__proto__", "a[b]", "x", "%00", ""].map((name) => ({ ...unknown, name }));
  const inputs = operation.parameters.filter((one) => one.in === "query");
  return mostly(fc.constantFrom(unknown, ...inputs), fc.constantFrom(...names), 4).chain((odd) =>
    fc
      .tuple(queryOf(document, operation, odd), oddPart(document, odd.schema), fc.nat(9))
      .map(([query, value, dice]) => {
        const pair = `${odd.name}=${value}`;
        // Sometimes sent twice.
        return [query, pair, dice === 0 ? pair : ""].filter((part) => part !== "").join("&");
      }),
  );
}
