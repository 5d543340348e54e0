import { parseArgs } from "node:util";
import { type TargetName, targetNames } from "./measure.ts";
import { type WorkloadName, workloadNames } from "./workload.ts";

export interface BenchOptions {
  readonly quick: boolean;
  /** The ledger's speed and nothing else. */
  readonly ledger: boolean;
  /** What exact limits cost beside a central counter, and nothing else. */
  readonly quota: boolean;
  /** How soon a revoked key is refused, and nothing else. */
  readonly revocation: boolean;
  /** How soon a change of plan is enforced, and nothing else. */
  readonly planChange: boolean;
  /** What a call costs the router by dialect and provider, and nothing else. */
  readonly router: boolean;
  /** What a router holds of unread streams and of many credentials, and nothing else. */
  readonly held: boolean;
  readonly rounds: number;
  /** Of one measurement; there are rounds × workloads × targets of them. */
  readonly measureMs: number;
  readonly workloads: readonly WorkloadName[];
  readonly targets: readonly TargetName[];
  readonly jsonFile: string | null;
}

const bounds = { rounds: [1, 21], seconds: [1, 60] } as const;
const quickWorkloads: readonly WorkloadName[] = ["json", "sse", "keys-4", "keys-2000"];
const quickTargets: readonly TargetName[] = ["bare", "bare2", "topdog"];

const usage = `npm run bench: what one call costs, in CPU and in time

Targets
  bare      a Node proxy that does nothing else: one hop
  bare2     two of them in a row: two hops
  topdog    the whole platform with everything on; CPU of all its processes, Postgres and NATS included
  portkey   Portkey's gateway from its npm package, without keys, limits or metering

Workloads
  json         1 kB, 32 connections, flat out
  json-200     the same at 200 requests a second
  sse          60 streams of 52 events that begin at once; CPU is per stream
  keys-4, keys-2000, keys-100000
               400 requests a second, each with a random one of that many keys

Options
  --quick            ${quickWorkloads.join(", ")} for ${quickTargets.join(", ")}; within five minutes
  --ledger           nothing of these: how fast usage becomes ledger rows on a day with a million, CPU by process
  --quota            nothing of these: admits a second and hops by plan, beside a counter in Postgres; what proving a ledger row costs
  --router           nothing of these: CPU and added time to first content by who speaks and who answers; 2,000 slow streams
  --router-held      nothing of these: a router alone, with 10,000 callers' credentials, and with 2,000 slow streams, and 2,000 that nobody reads
  --revocation       nothing of these: from a key's DELETE to its refusal by both of two gateways
  --plan-change      nothing of these: from a webhook of Stripe to its enforcement by both of two gateways
  --only <name>      this workload or target alone; may be repeated
  --rounds <n>       interleaved rounds, whose median is reported (3)
  --seconds <n>      length of one measurement (5; quick: 3)
  --json <file>      also write the results as JSON
  --help             this text

Everything measured runs on core 0; the load generator and the provider run on core 1 (with taskset; without it nothing is
pinned). Each target is called until its cost is level before it is measured. Compare within one run only.
`;

function bounded(name: keyof typeof bounds, text: string): number {
  const value = Number(text);
  const [least, most] = bounds[name];
  if (!(value >= least && value <= most)) throw new Error(`--${name} must be between ${least} and ${most}`);
  return value;
}

/** Those of `all` that were named; all of them when none was. */
function narrowed<T extends string>(all: readonly T[], only: readonly string[]): readonly T[] {
  const named = all.filter((one) => only.includes(one));
  return named.length === 0 ? all : named;
}

/** Suites that run alone. They may be named without dashes: `npm run bench -- quota`. */
const alone: readonly string[] = ["ledger", "quota", "router", "router-held", "revocation", "plan-change"];

/** Null when only the help was asked for, which is then printed. Throws with what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: args.map((arg) => (alone.includes(arg) ? `--${arg}` : arg)),
    options: {
      quick: { type: "boolean", default: false },
      ledger: { type: "boolean", default: false },
      quota: { type: "boolean", default: false },
      router: { type: "boolean", default: false },
      "router-held": { type: "boolean", default: false },
      revocation: { type: "boolean", default: false },
      "plan-change": { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return null;
  }
  const known: readonly string[] = [...workloadNames, ...targetNames];
  const unknown = values.only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: one of ${known.join(", ")}`);
  return {
    quick: values.quick,
    ledger: values.ledger,
    quota: values.quota,
    router: values.router,
    held: values["router-held"],
    revocation: values.revocation,
    planChange: values["plan-change"],
    rounds: bounded("rounds", values.rounds),
    measureMs: bounded("seconds", values.seconds ?? (values.quick ? "3" : "5")) * 1000,
    workloads: narrowed(values.quick && values.only.length === 0 ? quickWorkloads : workloadNames, values.only),
    targets: narrowed(values.quick && values.only.length === 0 ? quickTargets : targetNames, values.only),
    jsonFile: values.json ?? null,
  };
}
