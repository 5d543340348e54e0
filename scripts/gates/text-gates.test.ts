import { describe, expect, test } from "@jest/globals";
import { findBrokenPaths, findDecisionProblems } from "./documentation.ts";
import { findEnvironmentReads } from "./environment.ts";
import { findDoubledTypes } from "./glossary.ts";
import { findOldFunctions } from "./hot-path.ts";
import { findMetricProblems } from "./metric-names.ts";
import { findPackageProblems } from "./packages.ts";
import { findShortHistories } from "./property-tests.ts";
import { findRoomProblems } from "./rooms.ts";
import { findReleaseAgeProblems, readAudit } from "./supply.ts";
import type { SourceFile } from "./source-tree.ts";
import { findBannedWords, findEmptyNames, findLongFiles } from "./tidy.ts";

const file = (path: string, text = ""): SourceFile => ({ path, text });
const long = "x\n".repeat(401);

describe("each gate over the text catches what it is for, and only that", () => {
  test("file length, unless an ADR names the file", () => {
    const files = [file("libs/a/src/long.ts", long), file("libs/a/src/short.ts", "x\n")];
    expect(findLongFiles(files)).toEqual(["libs/a/src/long.ts: 401 lines, at most 400"]);
    expect(findLongFiles([...files, file("docs/adr/0009-long.md", "see `libs/a/src/long.ts`")])).toEqual([]);
  });

  test("names that say nothing", () => {
    const bad = [
      "libs/utils/package.json",
      "libs/a/src/helpers.ts",
      "libs/a/src/common/x.ts",
      "libs/a/src/info.test.ts",
    ];
    expect(
      findEmptyNames([...bad, "libs/a/src/database.ts", "libs/a/src/informed.ts"].map((p) => file(p))),
    ).toHaveLength(4);
  });

  test.each([
    ["// TODO later"],
    [["fetch from https://registry.npmjs", "org/x"].join(".")],
    ["cwd: '/home/alice/topdog'"],
    ["// @ts-ignore"],
    ["/* oxlint-disable */"],
  ])("the line %j", (line) => {
    expect(findBannedWords([file("libs/a/src/x.ts", line)])).toHaveLength(1);
  });

  test("words that only look like banned ones", () => {
    const innocent = "todo list, https://x.test/home/page, ./work/here, ${base}/work/x, mastodon";
    expect(findBannedWords([file("libs/a/src/x.ts", innocent)])).toEqual([]);
  });

  test.each([
    ["call.onGone = () => relay.clientGone();", 1],
    ["this.#onGone = async (why) => end(why);", 1],
    ["body.onDrained ??= function () {};", 1],
    ["calls[0].act = (why: string): void => end(why);", 1],
    ["this.#onGone = act;", 0],
    ["const onGone = () => relay.clientGone();", 0],
    ['const ask: Deps["ask"] = (question) => answer(question);', 0],
    ["isOpen = link.state === open && calls.every((call) => call.isOver);", 0],
  ])("a function that is written where a property is assigned on the path of a call: %j", (line, count) => {
    expect(findOldFunctions([file("services/gateway/src/usecases/x.ts", line)])).toHaveLength(count);
    expect(findOldFunctions([file("services/billing/src/usecases/x.ts", line)])).toEqual([]);
  });

  test("a property test that means long lists and makes short ones", () => {
    const found = (text: string): string[] => findShortHistories([file("libs/a/test/x.test.ts", text)]);
    expect(found("fc.array(fc.oneof(\n  a, b),\n  { maxLength: 120 })")).toEqual([
      'libs/a/test/x.test.ts:1: state size: "max", or lists stop at about 10 elements',
    ]);
    expect(found("fc.commands(all)")).toHaveLength(1);
    expect(found('fc.array(fc.array(fc.nat(), { maxLength: 50, size: "max" }), { maxLength: 50 })')).toHaveLength(1);
    expect(found('fc.array(fc.nat(), { maxLength: 120, size: "max" })')).toEqual([]);
    expect(found("fc.array(fc.nat(), { maxLength: 10 }) fc.array(fc.string({ maxLength: 90 }))")).toEqual([]);
  });

  test("the environment read outside config.ts, under a computed name, or without a schema", () => {
    const read = 'process.env["PORT"]';
    const schema = file("services/a/src/config.ts", `z.object({\n  PORT: z.string(),\n});\n${read}`);
    expect(findEnvironmentReads([schema, file("services/a/src/app.ts", read)])).toEqual([
      "services/a/src/app.ts:1: only config.ts reads it",
    ]);
    expect(findEnvironmentReads([schema, file("libs/b/src/x.ts", read)])).toEqual([
      "libs/b/src/x.ts:1: only config.ts reads it",
    ]);
    expect(findEnvironmentReads([schema, file("libs/local-stack/src/x.ts", read)])).toEqual([]);
    expect(findEnvironmentReads([file("services/a/src/config.ts", read)])).toEqual([
      "services/a/src/config.ts: PORT is in no schema, so nobody is told of it",
    ]);
    expect(findEnvironmentReads([file("services/a/src/config.ts", "process.env[name]")])).toHaveLength(1);
  });

  test("a listed reader of the environment that reads it no more", () => {
    const path = "libs/telemetry/src/instrument.ts";
    expect(findEnvironmentReads([file(path, "export const x = 1;")])).toEqual([
      `${path}: is listed in scripts/gates/environment.ts and reads nothing there any more`,
    ]);
  });

  test("a service without its rooms, and a file outside them", () => {
    const problems = findRoomProblems([file("services/a/package.json", "{}"), file("services/a/src/lib/x.ts")]);
    expect(problems).toContain("services/a/src/main.ts: missing, every service has it");
    expect(problems.some((problem) => problem.startsWith("services/a/src/lib/x.ts: not in a room"))).toBe(true);
  });

  test("metrics with a foreign prefix, a wrong suffix or a label per customer", () => {
    const metrics = (text: string): string[] => findMetricProblems([file("services/llm-router/src/metrics.ts", text)]);
    const good = 'counter({ name: "topdog_llm_router_calls_total", help: "Calls", labels: { outcome: ["ok"] } })';
    expect(metrics(`m.${good}`)).toEqual([]);
    expect(metrics(`m.${good.replace("llm_router", "router")}`)).toHaveLength(1);
    expect(metrics(`m.${good.replace("_total", "")}`)).toHaveLength(1);
    expect(metrics(`m.${good.replace("outcome", "orgId")}`)).toHaveLength(1);
    expect(findMetricProblems([file("services/llm-router/src/app.ts", `m.${good}`)])).toHaveLength(1);
  });

  test("a type of the glossary that is declared twice, and an exception that is no longer needed", () => {
    const glossary = file("docs/glossary.md", "- **usage record**: one\n- **lease**: another\n");
    const [one, two] = ["a", "b"].map((name) => file(`libs/${name}/src/x.ts`, "export interface UsageRecord {}\n"));
    const innocent = [file("libs/c/src/x.ts", "type Other = 1;\n"), file("libs/c/src/x.test.ts", "type Lease = 1;\n")];
    const all = [glossary, ...innocent, one, two] as SourceFile[];
    expect(findDoubledTypes(all, {})).toEqual(["UsageRecord is declared in libs/a/src/x.ts and libs/b/src/x.ts"]);
    expect(findDoubledTypes(all, { UsageRecord: "why" })).toEqual([]);
    expect(findDoubledTypes(all.slice(0, -1), { UsageRecord: "why" })).toHaveLength(1);
  });

  test("an ADR number used twice, and one without its parts", () => {
    const whole = "# Title\n\n- Status: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n";
    expect(findDecisionProblems([file("docs/adr/0001-a.md", whole)])).toEqual([]);
    expect(findDecisionProblems([file("docs/adr/0001-a.md", whole), file("docs/adr/0001-b.md", whole)])).toHaveLength(
      1,
    );
    expect(findDecisionProblems([file("docs/adr/0002-a.md", "# Title\n")])).toHaveLength(1);
  });

  test("quoted paths that lead nowhere", () => {
    const quote = (path: string): string[] => findBrokenPaths([file("docs/a.md"), file("README.md", `\`${path}\``)]);
    expect(quote("docs/a.md")).toEqual([]);
    expect(quote("services/x/src/app.ts")).toHaveLength(1);
  });

  test("a release-age rule that is gone, weaker or undermined", () => {
    const workspace = (text: string): string[] => findReleaseAgeProblems([file("pnpm-workspace.yaml", text)]);
    expect(workspace("minimumReleaseAge: 4320\n")).toEqual([]);
    expect(workspace("packages: []\n")).toHaveLength(1);
    expect(workspace("minimumReleaseAge: 60\n")).toHaveLength(1);
    expect(workspace("minimumReleaseAge: 4320\nminimumReleaseAgeExclude:\n  - left-pad\n")).toHaveLength(1);
  });

  test("a dependency with a grave vulnerability, and a report that is none", () => {
    const advisory = (severity: string) => ({
      module_name: "left-pad",
      severity,
      title: "Runs code",
      vulnerable_versions: "<2",
    });
    const report = JSON.stringify({ advisories: { 1: advisory("low"), 2: advisory("critical") } });
    expect(readAudit(report)).toEqual(["left-pad <2: critical: Runs code"]);
    expect(readAudit(JSON.stringify({ advisories: {} }))).toEqual([]);
    expect(readAudit("Error: no answer")).toBeNull();
    expect(readAudit("{}")).toBeNull();
  });

  test("a manifest that is public, unpinned or named otherwise", () => {
    const manifest = JSON.stringify({ name: "@topdog/b", type: "module", dependencies: { zod: "^4" } });
    const problems = findPackageProblems([file("libs/a/package.json", manifest)]);
    expect(problems).toContain("libs/a/package.json: must be private");
    expect(problems).toContain('libs/a/package.json: zod must be "catalog:"');
    expect(problems).toContain("libs/a/package.json: its name must be @topdog/<folder>");
  });
});
