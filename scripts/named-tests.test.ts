import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Pages whose rows name the tests that show them, and how many rows there are at least. */
const pages = { "docs/stripe-traps.md": 47, "docs/survival.md": 25 };

describe.each(Object.entries(pages))("%s", (page, least) => {
  const rows = [...read(page).matchAll(/^\| (\d+) \| (.+) \| (.+) \|$/gm)];

  test("numbers its rows, and every row names at least one test that is there", () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, index) => index + 1));
    expect(rows.length).toBeGreaterThanOrEqual(least);
    for (const [, number, what, tests = ""] of rows) {
      const named = [...tests.matchAll(/`([^`]+)`: "([^"]+)"/g)];
      expect([number, what, named.length]).not.toEqual([number, what, 0]);
      const gone = named.filter(([, path, name = ""]) => !read(`${path}.test.ts`).includes(name));
      expect([number, what, gone.map(([whole]) => whole)]).toEqual([number, what, []]);
    }
  });
});
