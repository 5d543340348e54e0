import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Cluster, emptyRun, startCluster } from "./rehearse/cluster/cluster.ts";
import { prepareEarlierTree } from "./rehearse/earlier-tree.ts";
import { type FirstInstall, firstInstalls } from "./rehearse/first-install.ts";
import { buildImages, earlierTag, imageTag } from "./rehearse/images/images.ts";
import { createLoad, type Findings, startEvaluator, type SteadyLoad } from "./rehearse/load/load.ts";
import { placesOf } from "./rehearse/places.ts";
import { findPanelProblems, type PanelFindings } from "./rehearse/panels.ts";
import { installPlatform, type RehearsedPlatform } from "./rehearse/platform.ts";
import { objections } from "./rehearse/release.ts";
import { runLanes } from "./rehearse/lanes.ts";
import type { Scenario } from "./rehearse/scenario.ts";
import { scenarios } from "./rehearse/scenarios.ts";
import { missingForRehearsal } from "./rehearse/tools/preflight.ts";
import { upgradeScenario } from "./rehearse/upgrade-scenario.ts";
import { ensureTools } from "./rehearse/tools/tools.ts";

const usage = `npm run rehearse: releases of every service, good ones and bad ones, on a real cluster on this machine

  --only <text>   only the scenarios whose name contains it; may be repeated
  --from <ref>    installs the platform as it was at this commit, and only upgrades it to this tree, service by service
  --list          names the scenarios and what must come of each
  --keep          leaves the cluster up until Ctrl-C, for a look (the kubectl line is printed)

Needs Linux, root, Go and Debian's package manager; says what is missing. Tools are kept in the user's cache folder.
Exit codes: 0 every release ended as it should; 1 one did not; 2 this machine cannot rehearse, or it failed.`;

const root = join(import.meta.dirname, "..");
const startedMs = Date.now();
const log = (line: string): void =>
  console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${line}`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      from: { type: "string" },
      list: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(usage);
  const chosen = values.from === undefined ? chooseScenarios(values) : [upgradeScenario];
  const installs = firstInstalls.filter(({ name }) => values.only?.some((text) => name.includes(text)) ?? values.list);
  if (values.list) return say([...chosen, ...installs].map(({ name, expected }) => `${name}: ${expected}`).join("\n"));
  const missing = missingForRehearsal();
  if (missing.length > 0) {
    console.error(`This machine cannot rehearse a release. Missing:\n${missing.map((one) => `- ${one}\n`).join("")}`);
    return 2;
  }
  const places = placesOf(process.env["XDG_CACHE_HOME"]);
  mkdirSync(places.cache, { recursive: true });
  emptyRun(places);
  mkdirSync(places.logs, { recursive: true });
  const sources = { root, pnpm: process.env["TOPDOG_PNPM"] ?? "pnpm", places, log };
  const earlierRoot = values.from === undefined ? null : await prepareEarlierTree(values.from, sources);
  await buildImages({ ...sources, earlierRoot, tools: ensureTools(places, log) });
  log("images are built");
  const cluster = await startCluster(places);
  let stopped = (): void => process.exit(130);
  // The node ends when its input does: nothing else has to be stopped.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopped());
  try {
    log("the cluster is up");
    if (chosen.length === 0) return await runInstalls(installs, cluster);
    const busServers = Math.max(...chosen.map((one) => one.busServers ?? 1));
    const installed = earlierRoot === null ? { root, tag: imageTag } : { root: earlierRoot, tag: earlierTag };
    const platform = await installPlatform(cluster, { root, installed, busServers, log });
    const load = createLoad(platform);
    load.resume();
    startEvaluator(cluster, platform.prometheus.targetsFile);
    const failed = await runAll(chosen, platform, load);
    await load.pause();
    // A few scenarios do not bring data to every panel.
    const panels = values.only === undefined && values.from === undefined ? await findPanelProblems(platform) : null;
    const verdict = report(failed, load, await load.compareWithLedger(), panels);
    if (values.keep) {
      log(`the cluster stays up until Ctrl-C; its kubeconfig and logs are in ${places.run}`);
      await new Promise<void>((resolve) => (stopped = resolve));
    }
    return verdict;
  } finally {
    await cluster.stop();
    log("the cluster is gone");
  }
}

const chooseScenarios = ({ only, list }: { only?: string[]; list: boolean }): readonly Scenario[] =>
  scenarios.filter(
    ({ name, busServers }) => only?.some((text) => name.includes(text)) ?? (list || busServers === undefined),
  );

/** Each by itself, in a cluster where nothing else is. */
async function runInstalls(installs: readonly FirstInstall[], cluster: Cluster): Promise<number> {
  let failed = 0;
  for (const install of installs) if (!(await isAsExpected(install, () => install.run(cluster, root)))) failed += 1;
  return failed === 0 ? 0 : 1;
}

interface Expectation {
  readonly name: string;
  readonly expected: string;
}

async function isAsExpected({ name, expected }: Expectation, run: () => Promise<string>): Promise<boolean> {
  const fromMs = Date.now();
  const outcome = await run().catch((error: unknown) => `failed: ${String(error)}`);
  const isRight = outcome === expected;
  const seconds = Math.round((Date.now() - fromMs) / 1000);
  log(`${isRight ? "✓" : "✗"} ${name}: ${outcome}${isRight ? "" : ` (expected: ${expected})`} in ${seconds} s`);
  return isRight;
}

/**
 * Scenarios of different services side by side, as many at once as two cores carry: five new versions that start together leave none of them
 * the calls that a gate needs. Then, each by itself, what needs the platform for itself.
 */
async function runAll(chosen: readonly Scenario[], platform: RehearsedPlatform, load: SteadyLoad): Promise<string[]> {
  const failed: string[] = [];
  const run = async (scenario: Scenario): Promise<void> => {
    if (await isAsExpected(scenario, () => scenario.run(platform, load))) return;
    failed.push(scenario.name);
    log(`what gates said until now:\n${await objections(platform).catch(String)}`);
  };
  const { alone = [], ...lanes } = Object.groupBy(chosen, ({ lane }) => lane);
  await runLanes(Object.values(lanes), atOnce, run);
  await runLanes([alone], 1, run);
  return failed;
}
const atOnce = 3;

function report(failed: readonly string[], load: SteadyLoad, findings: Findings, panels: PanelFindings | null): number {
  const problems = Object.entries(findings).filter(([, list]) => (list as readonly unknown[]).length > 0);
  log(`calls: ${JSON.stringify(load.totals())}`);
  log(
    problems.length === 0
      ? "✓ the ledger is exact: none lost, none doubled"
      : `✗ the ledger: ${JSON.stringify(findings).slice(0, 2000)}`,
  );
  if (panels !== null)
    log(
      panels.problems.length === 0
        ? `✓ each of ${panels.asked} panels of the dashboards has data`
        : `✗ the dashboards' panels: ${panels.problems.join("; ")}`,
    );
  if (failed.length > 0) log(`✗ not as they should be: ${failed.join("; ")}`);
  return failed.length + problems.length + (panels?.problems.length ?? 0) === 0 ? 0 : 1;
}

const say = (text: string): number => {
  console.log(text);
  return 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
