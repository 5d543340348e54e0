import { parseArgs } from "node:util";
import { type Callers, judge, newCallers, runChaos } from "./chaos.ts";
import { endlessKinds, type Fault, type FaultBounds, type FaultKind, faultKinds, makeFault } from "./chaos-faults.ts";
import { isClean } from "./findings.ts";
import { adminQuery } from "./ledger.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { seededRandom } from "./random.ts";

const help = `npm run chaos -- [--minutes 3] [--seed N] [--min-freeze-seconds 0.5] [--max-freeze-seconds 60]
  [--gateway-timeout-seconds 6] [--faults kill,restore,…] [--free-users 6] [--clients 12]
Two of every service under load while things break, one after the other, in a seeded order; then what clients saw is held against
the ledger, the counters and the metering indicator. Exits 1 and prints the seed when anything is lost, charged twice, charged to
somebody else, oversold, or does not recover by itself. Quota gives a gateway up after the timeout, which is 10 s in production: with that, and freezes of a
minute alone, a run shows how what was given up long ago wakes.

Faults: ${faultKinds.join(", ")}. A full disk needs root, or sudo without a password: the
platform then runs on a file system in memory.`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    "min-freeze-seconds": { type: "string", default: "0.5" },
    "max-freeze-seconds": { type: "string", default: "60" },
    "gateway-timeout-seconds": { type: "string", default: "6" },
    faults: { type: "string", default: faultKinds.join(",") },
    "free-users": { type: "string", default: "6" },
    clients: { type: "string", default: "12" },
    help: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function chosenKinds(): FaultKind[] {
  const names = values.faults.split(",");
  const unknown = names.filter((name) => !(faultKinds as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new Error(`no fault is called ${unknown.join(", ")}; there are ${faultKinds.join(", ")}`);
  return faultKinds.filter((kind) => names.includes(kind));
}

const milliseconds = (option: "min-freeze-seconds" | "max-freeze-seconds" | "gateway-timeout-seconds"): number =>
  Number(values[option]) * 1_000;

/** Until the time is over. */
function* faultsOf(platform: Platform, kinds: readonly FaultKind[], seed: number, endsAtMs: number): Generator<Fault> {
  const random = seededRandom(seed + 2);
  const bounds: FaultBounds = {
    mostMs: 8_000,
    leastFreezeMs: milliseconds("min-freeze-seconds"),
    mostFreezeMs: milliseconds("max-freeze-seconds"),
  };
  for (const kind of endlessKinds(kinds, random)) {
    if (performance.now() >= endsAtMs) return;
    yield makeFault(kind, platform, random, bounds);
  }
}

/** Of the days that were begun: what crashes took from the callers. */
async function sayWhatBurned(platform: Platform, { small }: Callers): Promise<void> {
  const [sum] = await adminQuery<{ burned: number; limits: number }>(
    platform,
    `select (select coalesce(sum(burned), 0)::integer from lease where owner = any($1)) as burned,
       (select coalesce(sum(daily_limit), 0)::integer from bucket where owner = any($1)) as limits`,
    [small],
  );
  const { burned, limits } = sum ?? { burned: 0, limits: 0 };
  const share = limits === 0 ? 0 : (100 * burned) / limits;
  say(`tokens of small limits that crashes burned: ${burned} of ${limits}, ${share.toFixed(2)} %`);
  const leases = await adminQuery(platform, "select * from lease where owner = any($1) and burned > 0 limit 20", [
    small,
  ]);
  for (const lease of leases) say(`  ${JSON.stringify(lease)}`);
}

async function run(platform: Platform, kinds: readonly FaultKind[], seed: number): Promise<boolean> {
  const callers = await newCallers(platform, { free: Number(values["free-users"]), orgs: 2 });
  const endsAtMs = performance.now() + Number(values.minutes) * 60_000;
  const history = await runChaos(platform, {
    seed,
    callers,
    clients: Number(values.clients),
    faults: faultsOf(platform, kinds, seed, endsAtMs),
    restMs: 400,
    onFault: ({ name }) => say(`${new Date().toISOString().slice(11, 23)} ${name}`),
  });
  const verdict = await judge(platform, callers, history);
  const { observations, faults, lost } = history;
  const complete = observations.filter((one) => one.complete).length;
  say(`${faults} faults, ${observations.length} calls, ${complete} whole answers, ${lost.length} restored databases`);
  await sayWhatBurned(platform, callers);
  const isRight = isClean(verdict);
  say(
    isRight
      ? "nothing lost, doubled, misattributed or oversold; the indicator agrees"
      : `WRONG, seed ${seed}:\n${JSON.stringify(verdict, null, 2)}`,
  );
  return isRight;
}

async function main(): Promise<number> {
  if (values.help) {
    say(help);
    return 0;
  }
  const wanted = chosenKinds();
  const seed = Number(values.seed);
  const flags = Object.entries({ ...values, seed }).filter(([, value]) => value !== false);
  say(
    `npm run chaos -- ${flags.map(([name, value]) => `--${name} "${value}"`).join(" ")} breaks the same things again`,
  );
  const platform = await startPlatform({
    gateways: 2,
    routers: 2,
    replicas: 2,
    fastProviders: true,
    ownDisk: wanted.includes("full disk"),
    settings: { quota: { GATEWAY_TIMEOUT_MS: String(milliseconds("gateway-timeout-seconds")) } },
  });
  const kinds = platform.disk === null ? wanted.filter((kind) => kind !== "full disk") : wanted;
  if (kinds.length < wanted.length) say("no file system can be mounted here: no disk gets full");
  let isRight = false;
  try {
    isRight = await run(platform, kinds, seed);
  } catch (error) {
    say(`failed, seed ${seed}: ${String(error)}`);
  }
  const logs = await platform.stop({ keepLogs: !isRight });
  if (!isRight) say(`its logs: ${logs}`);
  return isRight ? 0 : 1;
}

process.exitCode = await main();
