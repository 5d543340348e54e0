import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import fc from "fast-check";
import { type JsonSpan, scanJsonObject } from "../src/json-scanner.ts";
import { objectText } from "./json-text.ts";

function outcomeOf(bytes: Buffer | string): { members: Record<string, unknown> } | { code: string; detail: string } {
  const text = Buffer.from(bytes);
  try {
    const { members } = scanJsonObject(text);
    const valueOf = ({ start, end }: JsonSpan): unknown => JSON.parse(text.toString("utf8", start, end));
    return { members: Object.fromEntries([...members].map(([name, span]) => [name, valueOf(span)])) };
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, detail: error.detail };
    throw error;
  }
}

/** What JSON.parse makes of it; null when it refuses, or when it is no object. */
function parsedObject(text: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(text.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

describe("the scanner of request bodies", () => {
  test("finds every member of any object where JSON.parse finds it", () => {
    fc.assert(
      fc.property(objectText, (text) => {
        expect(outcomeOf(text)).toEqual({ members: { ...(JSON.parse(text) as object) } });
      }),
      { numRuns: 500 },
    );
  });

  test("accepts nothing that JSON.parse refuses, and refuses nothing as malformed that it accepts", () => {
    const bytes = fc.oneof(
      fc.constantFrom(...Buffer.from('{}[]",:\\/ \n\t0123456789.eE+-utfnlrsa\0\u001f')),
      fc.nat(255),
    );
    fc.assert(
      fc.property(objectText, fc.array(fc.tuple(fc.nat(), bytes, fc.nat(2)), { maxLength: 3 }), (text, edits) => {
        let mutant = Buffer.from(text);
        for (const [place, byte, length] of edits) {
          const at = place % (mutant.length + 1);
          mutant = Buffer.concat([mutant.subarray(0, at), Buffer.from([byte]), mutant.subarray(at + length)]);
        }
        const outcome = outcomeOf(mutant);
        if ("members" in outcome) expect(parsedObject(mutant)).not.toBeNull();
        else if (outcome.code === "malformed_json" && !outcome.detail.includes("UTF-8")) {
          expect(parsedObject(mutant)).toBeNull();
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"m":[{"b":{"a":1,"c":2,"a":3}}]}',
    `{${Array.from({ length: 40 }, (_, index) => `"k${index}":0`).join(",")},"a":1,"a":2}`,
  ])("a key that comes twice is refused by name: %s", (text) => {
    expect(outcomeOf(text)).toEqual({ code: "invalid_request", detail: "The key 'a' appears twice in one object." });
  });

  test("a key that begins with an escape is decoded, also after a key that is one backslash", () => {
    outcomeOf(String.raw`{"\\":1}`);
    expect(outcomeOf(String.raw`{"\u0061":1}`)).toEqual({ members: { a: 1 } });
    expect(outcomeOf(String.raw`{"\t":1}`)).toEqual({ members: { "\t": 1 } });
  });

  test("a key may come again in another object", () => {
    expect(outcomeOf('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}')).toHaveProperty("members");
  });

  test("an object with ten thousand keys is read", () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `"${index % 7}-${index}":${index}`);
    expect(outcomeOf(`{${keys.join(",")}}`)).toHaveProperty("members");
  });

  test.each(["[", '{"a":'])("nesting of %s a million levels deep is refused, not a crash", (open) => {
    expect(outcomeOf(`{"a":${open.repeat(1_000_000)}`)).toMatchObject({
      code: "invalid_request",
      detail: "The body's JSON is nested more than 128 levels deep.",
    });
    expect(outcomeOf(`{"a":${"[".repeat(127)}${"]".repeat(127)}}`)).toHaveProperty("members");
  });

  test("bytes that are not UTF-8 are refused", () => {
    expect(outcomeOf(Buffer.from('{"a":"\xff"}', "latin1"))).toEqual({
      code: "malformed_json",
      detail: "The body is not UTF-8.",
    });
  });

  test.each([
    ["", "end at byte 0"],
    ['{"a":01}', "character at byte 6"],
    ['{"a":1,}', "character at byte 7"],
    ['{"a":"\n"}', "character at byte 6"],
    ['{"a":tru', "end at byte 8"],
    ['{"a":1} x', "character at byte 8"],
  ])("a malformed text is refused with the place of its fault: %j", (text, place) => {
    expect(outcomeOf(text)).toEqual({
      code: "malformed_json",
      detail: `The body is not valid JSON: unexpected ${place}.`,
    });
  });
});
