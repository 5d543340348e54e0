import * as fc from "fast-check";
import { follow, type OpenApi, type Schema } from "./document.ts";
import { nearMiss, oddTexts, oddValue, validValue } from "./schema-values.ts";

/** A byte a character, so that a body need not be UTF-8. */
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
  `{"model":"sandbox-small","stream":true,"stream_options":{},"messages":${nested(20_000)}}`,
  `{"name":"${"x".repeat(70_000)}"}`,
];
const rawBody: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...rawBodies),
  oddValue.map((value) => latin1(JSON.stringify(value))),
);

export const validBody = (document: OpenApi, schema: Schema): fc.Arbitrary<string> =>
  validValue(document, schema, "").map((value) => latin1(JSON.stringify(value)));

/** The schema's body with one field odd, missing, added or twice; or cut short; or something else altogether. */
export function oddBody(document: OpenApi, schema: Schema | null): fc.Arbitrary<string> {
  const fields = schema === null ? [] : Object.entries(follow(document, schema).properties ?? {});
  // The document says nothing of what stands in it: any bytes are as odd as any others.
  if (schema === null || fields.length === 0) return rawBody;
  const fault = fc.constantFrom(...fields).chain(([field, part]) =>
    fc.record({
      field: fc.constant(field),
      kind: fc.oneof({ arbitrary: fc.constant("replaced" as const), weight: 2 }, fc.constantFrom(...faultKinds)),
      value: fc.oneof({ arbitrary: nearMiss(document, part), weight: 2 }, oddValue),
      extraName: fc.constantFrom(...oddTexts),
    }),
  );
  const changed = fc
    .tuple(validValue(document, schema, ""), fault)
    .map(([value, one]) => latin1(withFault(value as Record<string, unknown>, one)));
  const cut = fc.tuple(validBody(document, schema), fc.nat(200)).map(([whole, at]) => whole.slice(0, at));
  return fc.oneof({ arbitrary: changed, weight: 6 }, { arbitrary: cut, weight: 1 }, { arbitrary: rawBody, weight: 2 });
}

const faultKinds = ["replaced", "missing", "added", "repeated"] as const;

interface Fault {
  readonly field: string;
  readonly kind: (typeof faultKinds)[number];
  readonly value: unknown;
  readonly extraName: string;
}

/** The body's text with one thing wrong. Text, because an object cannot have a field twice. */
function withFault(body: Record<string, unknown>, { field, kind, value, extraName }: Fault): string {
  const others = Object.entries(body).filter(([name]) => name !== field);
  const own: [string, unknown] = [field, body[field] ?? value];
  const fields: Readonly<Record<Fault["kind"], [string, unknown][]>> = {
    replaced: [...others, [field, value]],
    missing: others,
    added: [...others, own, [extraName, value]],
    repeated: [...others, own, [field, value]],
  };
  return `{${fields[kind].map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(",")}}`;
}
