import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./eventually.ts";
import type { Platform } from "./platform.ts";
import { pick, type Random } from "./random.ts";

/** What the database forgot, in Unix milliseconds: calls of that time may be charged or not, and never twice or to somebody else. */
export interface LostTime {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that breaks. When it resolves, what had to be done by hand has been done; the rest recovers by itself. */
export interface Fault {
  readonly name: string;
  readonly run: () => Promise<LostTime | void>;
}

export const faultKinds = [
  "kill",
  "engine",
  "freeze",
  "bus cut",
  "read-only",
  "deploy",
  "restore",
  "clock",
  "full disk",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultBounds {
  /** The longest that anything else than a freeze lasts. */
  readonly mostMs: number;
  readonly leastFreezeMs: number;
  readonly mostFreezeMs: number;
}

const dayMs = 86_400_000;
/** From the start of a restored database until every gateway that has calls knows that it was restored. */
const startAnewMs = 3_000;

const between = (random: Random, from: number, to: number): number => from + random() * (to - from);

type Make = (platform: Platform, random: Random, bounds: FaultBounds) => Fault;

/** Any process that is ours. */
const pickProcess = ({ processNames }: Platform, random: Random): string =>
  pick(
    random,
    processNames.filter((name) => !name.startsWith("sandbox")),
  );

/** Something that is wrong for a while: `begin` returns what ends it. */
function whileBroken(name: string, lastsMs: number, begin: () => Promise<() => unknown>): Fault {
  return {
    name: `${name} for ${Math.round(lastsMs)} ms`,
    run: async () => {
      const end = await begin();
      await sleep(lastsMs);
      await end();
    },
  };
}

export const killOf = (platform: Platform, victim: string, downMs: number): Fault => ({
  name: `kill -9 ${victim}`,
  run: async () => {
    await platform.kill9(victim);
    await sleep(downMs);
    await platform.restart(victim);
  },
});

const make: Readonly<Record<FaultKind, Make>> = {
  kill: (platform, random, { mostMs }) =>
    killOf(platform, pickProcess(platform, random), between(random, 50, mostMs / 4)),
  engine: (platform, random, { mostMs }) =>
    killOf(platform, pick(random, ["nats", "postgres"]), between(random, 50, mostMs / 2)),
  freeze: (platform, random, { leastFreezeMs, mostFreezeMs }) => {
    const victim = pickProcess(platform, random);
    return whileBroken(`freeze ${victim}`, between(random, leastFreezeMs, mostFreezeMs), async () =>
      platform.pause(victim),
    );
  },
  "bus cut": (platform, random, { mostMs }) =>
    whileBroken("bus away", between(random, 300, mostMs), async () => platform.pauseBus()),
  "read-only": (platform, random, { mostMs }) =>
    whileBroken("Postgres read-only", between(random, 300, mostMs), async () => {
      await platform.setReadOnly(true);
      return () => platform.setReadOnly(false);
    }),
  clock: (platform, random, { mostMs }) =>
    whileBroken("the database's clock a day ahead", between(random, 300, mostMs), async () => {
      await platform.setClockAhead(dayMs);
      return () => platform.setClockAhead(0);
    }),
  deploy: (platform, random) => {
    const victim = pickProcess(platform, random);
    return { name: `deploy ${victim}`, run: () => platform.deploy(victim) };
  },
  restore: (platform, random, { mostMs }) => restoreOf(platform, between(random, 300, mostMs)),
  "full disk": (platform, random, { mostMs }) => {
    const { disk } = platform;
    if (disk === null) throw new Error("this platform has no disk of its own");
    return whileBroken("the disk full", between(random, 300, mostMs), async () => {
      disk.setFull(true);
      return () => afterFullDisk(platform);
    });
  },
};

/** docs/runbooks/restore.md: what is gone, and what the routers still have of it. */
const restoreOf = (platform: Platform, lateMs: number): Fault => ({
  name: `Postgres restored from a backup, ${Math.round(lateMs)} ms after it`,
  run: async () => {
    const backup = await platform.backUp();
    await sleep(lateMs);
    await platform.restoreBackup(backup);
    await sleep(startAnewMs);
    const toMs = Date.now();
    const since = new Date(backup.fromMs).toISOString();
    for (const dir of platform.spoolDirs) await platform.topdog(["spool", "--dir", dir, "reship", "--since", since]);
    return { fromMs: backup.fromMs, toMs };
  },
});

/** docs/runbooks/disk-full.md: nats-server has to be started again; what ended, its supervisor starts. */
async function afterFullDisk(platform: Platform): Promise<void> {
  platform.disk?.setFull(false);
  await platform.restart("nats");
  if (!platform.isPostgresRunning()) await platform.restart("postgres");
}

export const makeFault = (kind: FaultKind, platform: Platform, random: Random, bounds: FaultBounds): Fault =>
  make[kind](platform, random, bounds);

/** So often in a round; each at least once. */
const weights: Readonly<Partial<Record<FaultKind, number>>> = { kill: 3, freeze: 2, deploy: 2 };

/** Rounds of what can break here, each in another order. */
export function* endlessKinds(kinds: readonly FaultKind[], random: Random): Generator<FaultKind, never> {
  const round = kinds.flatMap((kind) => Array.from({ length: weights[kind] ?? 1 }, () => kind));
  for (;;) yield* shuffled(round, random);
}

export function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  return all.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as T);
}

/** Whatever broke: every process is ready again, by itself. */
export const allReady = (platform: Platform, timeoutMs: number): Promise<boolean> =>
  until(
    "every process is ready",
    () => platform.areReady(),
    (areReady) => areReady,
    { timeoutMs, intervalMs: 200 },
  );
