import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly rounds: number;
  /** Of one measurement; there are rounds × 3 workloads × 3 targets of them. */
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly connections: number;
  readonly streams: number;
  readonly customers: number;
  /** Requests per second of the paced workload; null: a quarter of what the gateway did flat out. */
  readonly ratePerSecond: number | null;
  readonly engines: "same" | "free";
  readonly outFile: string | null;
}

const bounds = {
  rounds: [1, 21],
  seconds: [1, 60],
  connections: [1, 512],
  streams: [1, 1_000],
  customers: [1, 32],
  rate: [1, 50_000],
} as const;

const usage = `npm run bench: what one call costs, direct, through a bare Node proxy, and through Top Dog with everything on

  --quick            short measurements (1.5 s instead of 5 s), still three rounds
  --rounds <n>       rounds, interleaved; the median of them is reported (3)
  --seconds <n>      length of one measurement (5)
  --connections <n>  keep-alive connections of the JSON workloads (32)
  --streams <n>      concurrent streams of the SSE workload (60)
  --customers <n>    Enterprise orgs that the calls are spread over, one bucket each (4)
  --rate <n>         requests per second of the paced workload (a quarter of what the gateway does flat out)
  --engines <where>  same: NATS, Postgres and the other services share core 0 with the gateway; free: they run anywhere (same)
  --out <file>       also write every number as JSON
  --help             this text

What is measured runs on core 0; the load generator and the provider run on core 1 (with taskset; without it nothing is pinned).
`;

function bounded(name: keyof typeof bounds, text: string): number {
  const value = Number(text);
  const [least, most] = bounds[name];
  if (!(value >= least && value <= most)) throw new Error(`--${name} must be between ${least} and ${most}`);
  return value;
}

/** Null when only the help was asked for, which is then printed. Throws with what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string" },
      connections: { type: "string", default: "32" },
      streams: { type: "string", default: "60" },
      customers: { type: "string", default: "4" },
      rate: { type: "string" },
      engines: { type: "string", default: "same" },
      out: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return null;
  }
  if (values.engines !== "same" && values.engines !== "free") throw new Error("--engines must be same or free");
  const seconds = bounded("seconds", values.seconds ?? (values.quick ? "1.5" : "5"));
  return {
    rounds: bounded("rounds", values.rounds),
    measureMs: seconds * 1000,
    warmUpMs: values.quick ? 300 : 1_000,
    connections: bounded("connections", values.connections),
    streams: bounded("streams", values.streams),
    customers: bounded("customers", values.customers),
    ratePerSecond: values.rate === undefined ? null : bounded("rate", values.rate),
    engines: values.engines,
    outFile: values.out ?? null,
  };
}
