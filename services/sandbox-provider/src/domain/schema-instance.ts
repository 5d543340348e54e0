import type { JsonSchema } from "@topdog/dialects/conversation";

/** The schema says something that this generator cannot follow. */
export class UnsupportedSchema extends Error {}

const maxDepth = 24;
const maxItems = 100;
const maxTextLength = 10_000;
const unsupported = ["not", "if", "patternProperties", "dependentSchemas", "contains", "propertyNames"] as const;
const filler = "sandbox ";

/** A text of each format. */
const byFormat: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "sandbox@example.com",
  hostname: "sandbox.example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://sandbox.example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/** Texts that usual patterns are met by: codes, numbers, versions, dates, colours. */
const usualTexts = (
  "sandbox Sandbox SANDBOX a A 1 ab AB 12 abc ABC 123 ABCD 1234 12345 123456 AB12 ABC-123 a-b a_b 1.0.0 v1.0.0 1.5 " +
  "2026-01-31 12:00 12:00:00 +15550100 #00ff00 /sandbox a@example.com"
).split(" ");
/** A pattern is its author's own: on a longer text it could be tried for ever. */
const maxTriedLength = 16;

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
const schemas = (value: unknown): JsonSchema[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The schema that `#/…` points at. */
function resolve(reference: string, root: JsonSchema): JsonSchema {
  let found: unknown = root;
  for (const step of reference.replace(/^#\/?/, "").split("/")) {
    if (step === "") continue;
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) || Array.isArray(found) ? (found as Record<string, unknown>)[name] : undefined;
  }
  if (!reference.startsWith("#") || !isObject(found)) throw new UnsupportedSchema(`$ref ${reference}`);
  return found;
}

/** References followed, `allOf` merged, and the first alternative taken. */
function plain(schema: JsonSchema, root: JsonSchema, depth: number): JsonSchema {
  if (depth > maxDepth) throw new UnsupportedSchema("nesting without an end");
  for (const name of unsupported) if (schema[name] !== undefined) throw new UnsupportedSchema(name);
  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  const [alternative] = [...schemas(anyOf), ...schemas(oneOf)];
  const parts = [...(typeof $ref === "string" ? [resolve($ref, root)] : []), ...schemas(allOf)];
  if (alternative !== undefined) parts.push(alternative);
  return parts.reduce((merged, part) => merge(merged, plain(part, root, depth + 1)), own as JsonSchema);
}

function merge(first: JsonSchema, second: JsonSchema): JsonSchema {
  const properties = { ...(first["properties"] as object), ...(second["properties"] as object) };
  const required = [...((first["required"] as string[]) ?? []), ...((second["required"] as string[]) ?? [])];
  return { ...first, ...second, properties, required };
}

function numberOf(schema: JsonSchema, step: number): number {
  const unit = number(schema["multipleOf"]) ?? step;
  const above = number(schema["exclusiveMinimum"]);
  const below = number(schema["exclusiveMaximum"]);
  const least = number(schema["minimum"]) ?? (above === null ? null : above + unit / 2);
  const most = number(schema["maximum"]) ?? (below === null ? null : below - unit / 2);
  const wanted = least ?? (most !== null && most < unit ? most : unit);
  const value =
    least === null && most !== null && most < unit ? Math.floor(most / unit) * unit : Math.ceil(wanted / unit) * unit;
  const tooBig = (most !== null && value > most) || (below !== null && value >= below);
  if (tooBig || (above !== null && value <= above)) throw new UnsupportedSchema("a number within these bounds");
  return value;
}

function textOf(schema: JsonSchema): string {
  const format = schema["format"];
  const least = number(schema["minLength"]) ?? 0;
  const most = number(schema["maxLength"]) ?? maxTextLength;
  if (least > maxTextLength) throw new UnsupportedSchema("minLength");
  const made = typeof format === "string" ? (byFormat[format] ?? "sandbox") : "sandbox";
  const text = (made.length < least ? filler.repeat(Math.ceil(least / filler.length)) : made).slice(0, most);
  const { pattern } = schema;
  if (typeof pattern !== "string") return text;
  const tried = [text, ...usualTexts].filter(
    (one) => one.length >= least && one.length <= Math.min(most, maxTriedLength),
  );
  const found = tried.find((one) => expressionOf(pattern).test(one));
  if (found === undefined) throw new UnsupportedSchema("pattern");
  return found;
}

function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch {
    throw new UnsupportedSchema("a pattern that is no regular expression");
  }
}

function listOf(schema: JsonSchema, root: JsonSchema, depth: number): unknown[] {
  const first = schemas(schema["prefixItems"]);
  const least = number(schema["minItems"]) ?? 0;
  const most = number(schema["maxItems"]) ?? maxItems;
  const length = Math.min(Math.max(least, first.length, 1), most);
  if (length > maxItems) throw new UnsupportedSchema("minItems");
  if (length > 1 && schema["uniqueItems"] === true) throw new UnsupportedSchema("uniqueItems");
  const rest = isObject(schema["items"]) ? schema["items"] : {};
  return Array.from({ length }, (_, index) => valueOf(first[index] ?? rest, root, depth + 1));
}

/** Required members, and those that add nothing deep. */
function objectOf(schema: JsonSchema, root: JsonSchema, depth: number): Record<string, unknown> {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? (schema["required"] as string[]) : [];
  const made: Record<string, unknown> = {};
  for (const name of new Set(required)) {
    const member = properties[name];
    made[name] = valueOf(isObject(member) ? member : {}, root, depth + 1);
  }
  return made;
}

function valueOf(given: JsonSchema, root: JsonSchema, depth: number): unknown {
  const schema = plain(given, root, depth);
  if (schema["const"] !== undefined) return schema["const"];
  const [choice] = [schema["enum"], schema["examples"]].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  if (choice !== undefined) return choice;
  const type: unknown = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (type) {
    case "string":
      return textOf(schema);
    case "integer":
      return numberOf(schema, 1);
    case "number":
      return numberOf(schema, 0.5);
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return listOf(schema, root, depth);
    case "object":
      return objectOf(schema, root, depth);
    default:
      return schema["properties"] !== undefined && Object.keys(schema["properties"] as object).length > 0
        ? objectOf(schema, root, depth)
        : "sandbox";
  }
}

/** A small value that fits the schema, always the same. Throws UnsupportedSchema rather than one that does not fit. */
export const instanceOf = (schema: JsonSchema): unknown => valueOf(schema, schema, 0);
