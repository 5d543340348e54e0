import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { mutations } from "./mutations.ts";

const root = join(import.meta.dirname, "../..");

test("every mutation still finds the place that it changes, once, and the tests that must notice it", () => {
  const testFiles = globSync("{libs,services,proofs}/**/*.test.ts", {
    cwd: root,
    exclude: (path) => /node_modules|dist/.test(path),
  });
  const stale = mutations.filter(({ file, from, tests }) => {
    const places = readFileSync(join(root, file), "utf8").split(from).length - 1;
    return places !== 1 || !tests.every((path) => testFiles.some((one) => one.includes(path)));
  });
  expect(stale.map(({ name }) => name)).toEqual([]);
});
