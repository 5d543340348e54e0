import * as fc from "fast-check";
import { follow, type OpenApi, type Schema } from "./document.ts";

/** Text that has broken servers: what a database, a path, a log line or a JSON reader may take for something else. */
export const oddTexts = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "a\nb",
  "\r\nx-injected: 1",
  "\u001b[31m",
  "\ud800",
  "\udfff\ud800",
  "\u202eabc",
  "\ufeff",
  "\ufffe",
  "e\u0301".repeat(60),
  "👩‍👩‍👧‍👦".repeat(20),
  "x".repeat(101),
  "x".repeat(5000),
  "'; --",
  "%00",
  "../../etc",
  "${7*7}",
  "{{7*7}}",
  "__proto__",
  "constructor",
  "null",
  "0000-00-00",
  "2026-02-30",
  "9999-12-31",
  "-1",
  "1e309",
  "NaN",
  "99999999999999999999",
] as const;

export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom<string>(...oddTexts),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 10 }),
);

const oddNumbers = [0, -0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 63];

/** Any JSON value, odd ones more often than not. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(...oddNumbers, null, true, false, [], {}, [[[]]], { length: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** What a request may name, by the field it stands in: things of the setting, and things that do not exist. */
const namesByField: Readonly<Record<string, readonly string[]>> = {
  orgId: ["<ownOrg>", "<foreignOrg>", "org_missing"],
  org: ["<ownOrg>", "<foreignOrg>", "org_missing"],
  userId: ["<ownMember>", "<foreignUser>", "usr_missing"],
  keyId: ["<ownKey>", "<foreignKey>", "key_missing"],
  model: ["sandbox-small", "no-such-model"],
  cursor: ["<ownKey>", "eyJjcmVhdGVkQXRNcyI6MSwiaWQiOiJrZXlfMSJ9", "IngiCg"],
};
const anyIdOf = (name: string): fc.Arbitrary<string> | null => {
  const names = namesByField[name];
  return names === undefined ? null : fc.constantFrom(...names);
};

/** Values that the schema takes; for a field that is named like an id, ids of real things, or what `idOf` gives. */
export function validValue(
  document: OpenApi,
  given: Schema,
  name: string,
  idOf: (name: string) => fc.Arbitrary<string> | null = anyIdOf,
): fc.Arbitrary<unknown> {
  const schema = follow(document, given);
  const inner = (part: Schema, partName = name): fc.Arbitrary<unknown> => validValue(document, part, partName, idOf);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((part) => inner(part)));
  const [first] = schema.allOf ?? [];
  if (first !== undefined) return inner({ type: "string", ...first });
  if (schema.type === "object") return validObject(schema, inner);
  if (schema.type === "array")
    return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
  if (schema.type === "string") return idOf(name) ?? validText(schema);
  if (schema.type === "integer" || schema.type === "number") {
    return fc.integer({ min: Math.max(schema.minimum ?? -1000, -1000), max: Math.min(schema.maximum ?? 1000, 1000) });
  }
  if (schema.type === "boolean") return fc.boolean();
  if (schema.type === "null") return fc.constant(null);
  return fc.oneof(fc.string(), fc.constantFrom(null, 1, "text"));
}

function validObject(
  schema: Schema,
  inner: (part: Schema, name: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(schema.properties ?? {});
  const model = Object.fromEntries(entries.map(([key, part]) => [key, inner(part, key)]));
  return fc.record(model, { requiredKeys: [...(schema.required ?? [])] });
}

function validText({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  const plain = fc.string({
    unit: "grapheme-ascii",
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, 40)),
  });
  return pattern === undefined ? plain : (matching(pattern) ?? plain);
}

/** To turn a pattern round takes fast-check up to a second, and the same few are asked for by hundreds of requests. */
const known = new Map<string, fc.Arbitrary<string> | null>();

/** Null for a pattern that fast-check cannot turn round, such as a negated Unicode class: plain text mostly fits it. */
function matching(pattern: string): fc.Arbitrary<string> | null {
  const found = known.get(pattern);
  if (found !== undefined) return found;
  const made = matchingOrNull(pattern);
  known.set(pattern, made);
  return made;
}

function matchingOrNull(pattern: string): fc.Arbitrary<string> | null {
  try {
    return fc.stringMatching(new RegExp(pattern, "u"), { size: "small" });
  } catch {
    return null;
  }
}

const impossibleDays = [
  "0000-00-00",
  "0000-01-01",
  "2026-02-30",
  "2026-13-01",
  "9999-12-31",
  "2026-1-1",
  "2026-01-01T00:00",
];
const oddIntegers = ["1.5", "1e3", "0x10", "+1", " 1", "", "-0", "٣", "1_000", "99999999999999999999"];

/** Values that the schema nearly accepts: they find most of what breaks a server. */
export function nearMiss(document: OpenApi, given: Schema): fc.Arbitrary<unknown> {
  const schema = follow(document, given);
  const [first] = schema.allOf ?? [];
  if (first !== undefined) return nearMiss(document, { type: "string", ...first });
  if (schema.anyOf?.[0] !== undefined) return fc.oneof(...schema.anyOf.map((part) => nearMiss(document, part)));
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
    return fc.constantFrom<unknown>(...oddIntegers, minimum - 1, maximum + 1, 1.5, 1e21);
  }
  if (schema.type !== "string") return oddValue;
  if (schema.pattern?.includes("-02-29") === true) return fc.constantFrom(...impossibleDays);
  const valid = schema.enum === undefined ? validText(schema) : fc.constantFrom(...schema.enum).map(String);
  const tooLong = "x".repeat((schema.maxLength ?? 64) + 1);
  // Postgres takes every text but one with NUL in it.
  const tail = fc.oneof(fc.constant("\u0000"), fc.constantFrom("\n", "\ud800", "\u202e", "'", "\\", "%", " ", tooLong));
  return fc.oneof(
    fc.tuple(valid, tail).map(([text, end]) => text + end),
    oddText,
  );
}
