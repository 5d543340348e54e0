const prompt = "Explain in plain words how an escrow lease keeps a daily limit exact. ".repeat(12);
const request = { model: "sandbox-small", messages: [{ role: "user", content: prompt }] };

/** About a kilobyte: the usual question of an editor. */
export const jsonBody = JSON.stringify(request);
export const streamBody = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
/** The provider's stream: role, 48 tokens, finish reason, usage, `[DONE]`. */
export const eventsPerStream = 52;
export const tokenIntervalMs = 20;
/** What the first content event of the provider's stream holds, and no event before it. */
export const firstContentMarker = '"content":"token ';

export const workloadNames = ["json", "json-200", "sse", "keys-4", "keys-2000", "keys-100000"] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface Workload {
  readonly name: WorkloadName;
  readonly title: string;
  readonly body: string;
  readonly connections: number;
  /** Requests per second, arriving whether or not answers come; null: the next one leaves when an answer is complete. */
  readonly ratePerSecond: number | null;
  /** All connections send at the same moment, and again when all have their answers. */
  readonly inWaves: boolean;
  /** How many keys call, each request with one drawn at random; null: one key for each connection. */
  readonly randomKeys: number | null;
}

const connections = 32;
const streams = 60;
const manyKeysRate = 400;
/** Of one caller on the plan that keys have here. */
const concurrentRequests = 6;

const manyKeys = (count: number, name: WorkloadName): Workload => ({
  name,
  title: `JSON, ${count.toLocaleString("en-US")} keys at random, ${manyKeysRate} requests/s`,
  body: jsonBody,
  // A few keys have a connection each for as many requests as their plan allows at once: a moment's stall would refuse random ones.
  connections: Math.min(2 * connections, count * concurrentRequests),
  ratePerSecond: manyKeysRate,
  inWaves: false,
  randomKeys: count,
});

const json = { body: jsonBody, connections, inWaves: false, randomKeys: null };
const size = `${jsonBody.length} bytes`;

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  json: { ...json, name: "json", title: `JSON, ${size}, ${connections} connections, flat out`, ratePerSecond: null },
  "json-200": { ...json, name: "json-200", title: `JSON, ${size}, 200 requests/s`, ratePerSecond: 200 },
  sse: {
    name: "sse",
    title: `SSE, ${eventsPerStream} events at ${tokenIntervalMs} ms, ${streams} streams that begin at once`,
    body: streamBody,
    connections: streams,
    ratePerSecond: null,
    inWaves: true,
    randomKeys: null,
  },
  "keys-4": manyKeys(4, "keys-4"),
  "keys-2000": manyKeys(2_000, "keys-2000"),
  "keys-100000": manyKeys(100_000, "keys-100000"),
};
