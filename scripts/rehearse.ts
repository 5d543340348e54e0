import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { emptyRun, startCluster } from "./rehearse/cluster/cluster.ts";
import { buildImages } from "./rehearse/images/images.ts";
import { createLoad, type Findings, type SteadyLoad } from "./rehearse/load/load.ts";
import { placesOf } from "./rehearse/places.ts";
import { installPlatform, type RehearsedPlatform } from "./rehearse/platform.ts";
import { type Scenario, scenarios } from "./rehearse/scenarios.ts";
import { missingForRehearsal } from "./rehearse/tools/preflight.ts";
import { ensureTools } from "./rehearse/tools/tools.ts";

const usage = `npm run rehearse: releases of every service, good ones and bad ones, on a real cluster on this machine

  --only <text>   only the scenarios whose name contains it; may be repeated
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
      list: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(usage);
  const chosen = scenarios.filter(({ name }) => values.only?.some((text) => name.includes(text)) ?? true);
  if (values.list) return say(chosen.map(({ name, expected }) => `${name}: ${expected}`).join("\n"));
  const missing = missingForRehearsal();
  if (missing.length > 0) {
    console.error(`This machine cannot rehearse a release. Missing:\n${missing.map((one) => `- ${one}\n`).join("")}`);
    return 2;
  }
  const places = placesOf(process.env["XDG_CACHE_HOME"]);
  await ensureTools(places, log);
  emptyRun(places);
  mkdirSync(places.logs, { recursive: true });
  await buildImages({ root, pnpm: process.env["TOPDOG_PNPM"] ?? "pnpm", places, log });
  log("images are built");
  const cluster = await startCluster(places);
  let stopped = (): void => process.exit(130);
  // The node ends when its input does: nothing else has to be stopped.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopped());
  try {
    log("the cluster is up");
    const platform = await installPlatform(cluster, root, log);
    const load = createLoad(platform);
    load.resume();
    const failed = await runAll(chosen, platform, load);
    await load.pause();
    const verdict = report(failed, load, await load.compareWithLedger());
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

async function runAll(chosen: readonly Scenario[], platform: RehearsedPlatform, load: SteadyLoad): Promise<string[]> {
  const failed: string[] = [];
  for (const scenario of chosen) {
    const fromMs = Date.now();
    const outcome = await scenario.run(platform, load).catch((error: unknown) => `failed: ${String(error)}`);
    const isRight = outcome === scenario.expected;
    if (!isRight) failed.push(scenario.name);
    const seconds = Math.round((Date.now() - fromMs) / 1000);
    log(
      `${isRight ? "✓" : "✗"} ${scenario.name}: ${outcome}${isRight ? "" : ` (expected: ${scenario.expected})`} in ${seconds} s`,
    );
  }
  return failed;
}

function report(failed: readonly string[], load: SteadyLoad, findings: Findings): number {
  const problems = Object.entries(findings).filter(([, list]) => (list as readonly unknown[]).length > 0);
  log(`calls: ${JSON.stringify(load.totals())}`);
  log(
    problems.length === 0
      ? "✓ the ledger is exact: none lost, none doubled"
      : `✗ the ledger: ${JSON.stringify(findings).slice(0, 2000)}`,
  );
  if (failed.length > 0) log(`✗ not as they should be: ${failed.join("; ")}`);
  return failed.length === 0 && problems.length === 0 ? 0 : 1;
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
