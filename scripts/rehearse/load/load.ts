import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../cluster/cluster.ts";
import { until } from "../kube.ts";
import type { RehearsedPlatform } from "../platform.ts";

const support = join(import.meta.dirname, "../../../e2e/support");
const script = (name: string): string => join(support, name);
export const nodeFlags = ["--conditions=@topdog/source", "--disable-warning=ExperimentalWarning"];

export interface Findings {
  readonly completeWithoutOneRow: readonly string[];
  readonly deliveredWithoutRow: readonly string[];
  readonly chargedTwice: readonly string[];
  readonly violations: readonly unknown[];
}

export interface SteadyLoad {
  /** Ends it when it runs; its journal is kept. */
  pause(): Promise<void>;
  resume(): void;
  /** Calls by status and why they were refused, and looks at the account by path and status. */
  totals(): Readonly<Record<string, number>>;
  /** When each call that was served ended, in Date.now()'s milliseconds. */
  endsOfServed(): number[];
  /** Holds every journal against the ledger. */
  compareWithLedger(): Promise<Findings>;
}

/** Judges routers' answers, as evaluators do, for as long as the cluster lives. */
export function startEvaluator(cluster: Cluster, targetsFile: string): void {
  const script = join(import.meta.dirname, "evaluator-process.ts");
  cluster.start("evaluator", process.execPath, [...nodeFlags, script, targetsFile]);
}

/** Calls from outside the pods, as an ingress makes them, for as long as it is not paused. */
export function createLoad({ cluster, gatewayUrl, key, databaseUrl }: RehearsedPlatform): SteadyLoad {
  const journals: string[] = [];
  let running: { readonly journal: string; readonly ended: Promise<unknown> } | null = null;
  return {
    resume() {
      if (running !== null) return;
      const journal = join(cluster.places.run, `journal-${journals.length + 1}.json`);
      journals.push(journal);
      const args = [...nodeFlags, script("steady-load-process.ts"), gatewayUrl, key, journal];
      const child = cluster.start("load", process.execPath, args);
      running = { journal, ended: new Promise((resolve) => child.once("exit", resolve)) };
    },
    async pause() {
      if (running === null) return;
      const { journal, ended } = running;
      running = null;
      await until(
        "the load began",
        async () => existsSync(`${journal}.pid`),
        (is) => is,
        { timeoutMs: 30_000 },
      );
      await cluster.exec("kill", ["-TERM", readFileSync(`${journal}.pid`, "utf8")]);
      await ended;
    },
    endsOfServed: () =>
      journals.flatMap((journal) =>
        readJournal(journal).observations.flatMap(({ status, endedMs }) => (status === 200 ? [endedMs] : [])),
      ),
    totals: () => addUp(journals.map(readJournal)),
    async compareWithLedger() {
      const found = await Promise.all(
        journals.map(async (journal) => {
          const args = [...nodeFlags, script("ledger-process.ts"), journal, databaseUrl("quota")];
          return JSON.parse(await cluster.exec(process.execPath, args)) as Findings;
        }),
      );
      return {
        completeWithoutOneRow: found.flatMap((one) => one.completeWithoutOneRow),
        deliveredWithoutRow: found.flatMap((one) => one.deliveredWithoutRow),
        chargedTwice: found.flatMap((one) => one.chargedTwice),
        violations: found.flatMap((one) => one.violations),
      };
    },
  };
}

interface Journal {
  readonly observations: readonly {
    readonly status: number | null;
    readonly code: string | null;
    readonly endedMs: number;
  }[];
  readonly account: Readonly<Record<string, number>>;
}

const readJournal = (file: string): Journal => JSON.parse(readFileSync(file, "utf8")) as Journal;

function addUp(journals: readonly Journal[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const add = (name: string, count: number): number => (totals[name] = (totals[name] ?? 0) + count);
  for (const { observations, account } of journals) {
    for (const { status, code } of observations)
      add(`/v1/chat/completions ${status}${code === null ? "" : ` ${code}`}`, 1);
    for (const [name, count] of Object.entries(account)) add(name, count);
  }
  return totals;
}
