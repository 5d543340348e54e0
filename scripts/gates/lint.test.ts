import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { commandFile, runNode } from "./run-tool.ts";

const root = join(import.meta.dirname, "../..");
const jestImport = 'import { expect, jest, test } from "@jest/globals";\n';
const body = '("x", () => { expect(1).toBe(1); });\n';

/** Files with one violation each, by what they break. */
const violations: Record<string, string> = {
  "a test that runs alone": `${jestImport}test.only${body}`,
  "a test that does not run": `${jestImport}test.skip${body}`,
  "a module mock": `${jestImport}jest.mock("./x.ts");\ntest${body}`,
  "a module mock of an ES module": `${jestImport}jest.unstable_mockModule("./x.ts", () => ({}));\ntest${body}`,
  "a spy": `${jestImport}jest.spyOn(Math, "random");\ntest${body}`,
  "a mock function": `${jestImport}export const f = jest.fn();\ntest${body}`,
  "a fake timer": `${jestImport}jest.useFakeTimers();\ntest${body}`,
  "a mocking library": 'import nock from "nock";\nnock("x");\n',
};
const fileOf = (name: string): string => `${name.replaceAll(" ", "-")}.test.ts`;

const folder = mkdtempSync(join(tmpdir(), "topdog-lint-"));
let output = "";

beforeAll(async () => {
  mkdirSync(join(folder, "test"));
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [name, text] of Object.entries(violations)) writeFileSync(join(folder, "test", fileOf(name)), text);
  writeFileSync(join(folder, "test/innocent.test.ts"), `${jestImport}test${body}jest.retryTimes(0);\n`);
  ({ output } = await runNode([commandFile(root, "oxlint"), "--format=unix", "test"], folder));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(Object.keys(violations))("lint refuses %s", (name) => {
  expect(output).toContain(`test/${fileOf(name)}:`);
});

test("lint accepts a test that does none of these", () => {
  expect(output).not.toContain("innocent.test.ts");
});
