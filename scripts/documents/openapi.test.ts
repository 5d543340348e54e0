import { describe, expect, test } from "@jest/globals";
import { buildPublicOpenApi } from "./openapi.ts";

/** The names of all properties that a part of the document speaks of, references followed. */
function propertyNames(part: unknown, whole: object, seen = new Set<unknown>()): string[] {
  if (typeof part !== "object" || part === null || seen.has(part)) return [];
  seen.add(part);
  const names = "properties" in part && typeof part.properties === "object" ? Object.keys(part.properties ?? {}) : [];
  const target = "$ref" in part && typeof part.$ref === "string" ? resolve(part.$ref, whole) : undefined;
  return [...names, ...[...Object.values(part), target].flatMap((inner) => propertyNames(inner, whole, seen))];
}

const resolve = (ref: string, whole: object): unknown =>
  ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], whole);

describe("the OpenAPI document", () => {
  test("names every property of the account API, its errors included, in camelCase; /v1 is OpenAI's to name", async () => {
    const document = await buildPublicOpenApi();
    const account = Object.entries(document.paths ?? {}).filter(([path]) => !path.startsWith("/v1/"));
    const names = account.flatMap(([, item]) => propertyNames(item, document));
    expect(names).toEqual(expect.arrayContaining(["nextStep", "instance", "createdAt"]));
    expect(names.filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name))).toEqual([]);
  });
});
