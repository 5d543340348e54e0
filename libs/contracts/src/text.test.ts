import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { utcDaySchema } from "./quota.ts";
import { idSchema, nameSchema } from "./text.ts";

describe("a name", () => {
  test.each(["laptop", "Zoë's CI 🚀", "日本語", "👩‍💻 team", "a\u00a0b", "?!", "x".repeat(100)])(
    "%j is accepted unchanged",
    (name) => {
      expect(nameSchema.parse(`  ${name} `)).toBe(name);
    },
  );

  test.each([
    "",
    "   ",
    "x".repeat(101),
    "a\u0000b",
    "a\nb",
    "a\u001bb",
    "a\u007fb",
    "a\u0085b",
    "a\u2028b",
    "a\ud800b",
    "a\udc00",
    "invoice\u202egnp.exe",
    "a\u2066b",
    "\u200b\u200d",
    "\u0301",
    "\u3164",
    "\u2800",
  ])("%j is refused", (name) => {
    expect(nameSchema.safeParse(name).success).toBe(false);
  });

  test("whatever is accepted can be written as UTF-8 and read back the same, and holds no control character", () => {
    const anyText = fc.string({ unit: "binary", maxLength: 120 });
    const halves = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 120 });
    fc.assert(
      fc.property(fc.oneof(anyText, halves), (text) => {
        const parsed = nameSchema.safeParse(text);
        if (!parsed.success) return;
        expect(Buffer.from(parsed.data, "utf8").toString("utf8")).toBe(parsed.data);
        expect(parsed.data).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 2000 },
    );
  });
});

test.each(["", "a b", "a/b", "ü", "x".repeat(65), "a\n"])("%j is no id", (text) => {
  expect(idSchema.safeParse(text).success).toBe(false);
});

test.each([
  ["2026-02-28", true],
  ["2028-02-29", true],
  ["2026-02-30", false],
  ["2026-02-29", false],
  ["2026-13-01", false],
  ["2026-00-10", false],
  ["0000-00-00", false],
  ["0000-01-01", false],
  ["2026-1-1", false],
  ["2026-01-01T00:00:00Z", false],
  ["2026-01-01\n", false],
])("%j is a day: %j", (text, isDay) => {
  expect(utcDaySchema.safeParse(text).success).toBe(isDay);
});
