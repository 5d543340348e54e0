import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { promtoolFiles } from "../monitoring/rule-tests/promtool-tests.ts";
import { findConditionProblems } from "./rules/conditions.ts";
import { findEmptyPanels } from "./rules/panels.ts";
import { resolveConditions, resolvePromtool } from "./rules/tools.ts";

const usage = `npm run rules: what the generated rules and gates do, by Prometheus' and Argo's own code
Needs promtool on PATH, and Go; without promtool Go builds it too. Minutes the first time, then seconds.

  --panels <url>   only: which panels of the dashboards had no data in a running Prometheus in the last hour`;

const root = join(import.meta.dirname, "..");
const promtoolTimeoutMs = 300_000;
const panelTimeoutMs = 10_000;
const log = (line: string): void => console.log(line);

/** Runs promtool and returns what it complains of. */
function promtool(binary: string, args: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(binary, args, { encoding: "utf8", timeout: promtoolTimeoutMs });
  if (error !== undefined) throw error;
  return status === 0 ? [] : [stdout + stderr];
}

function testRules(binary: string): { readonly cases: number; readonly problems: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "topdog-rules-"));
  try {
    const files = promtoolFiles(join(root, "charts"));
    const paths = files.map((file, index) => {
      const path = join(folder, `${index}.json`);
      writeFileSync(path, JSON.stringify(file));
      return path;
    });
    return { cases: files.length, problems: promtool(binary, ["test", "rules", ...paths]) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function checkPanels(prometheus: string): Promise<number> {
  const { asked, empty } = await findEmptyPanels(async (path) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(new URL(path, prometheus), { signal: AbortSignal.timeout(panelTimeoutMs) }, resolve).on("error", reject);
    });
    return text(response);
  });
  for (const panel of empty) log(`no data: ${panel}`);
  log(`${asked - empty.length} of ${asked} panels have data`);
  return empty.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { help: { type: "boolean" }, panels: { type: "string" } } });
  if (values.help === true) {
    log(usage);
    return 0;
  }
  if (values.panels !== undefined) return checkPanels(values.panels);
  const binary = await resolvePromtool(log);
  const ruleFiles = globSync("charts/*/generated/*rules*.yml", { cwd: root }).map((path) => join(root, path));
  const checked = promtool(binary, ["check", "rules", ...ruleFiles]);
  log(`${ruleFiles.length} rule files checked`);
  const tested = testRules(binary);
  log(`${tested.cases} cases of rules tested`);
  const judged = findConditionProblems(await resolveConditions(log));
  log(`${judged.asked} answers of Prometheus judged by Argo`);
  const problems = [...checked, ...tested.problems, ...judged.problems];
  for (const problem of problems) console.error(problem);
  log(problems.length === 0 ? "all as they must be" : `${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
