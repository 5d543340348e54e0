import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";
import { Pool } from "undici";
import { startDialectProvider } from "./child.ts";
import { createCpuClock } from "./cpu-clock.ts";
import { createManyKeys } from "./many-keys.ts";
import { residentMib } from "./measure.ts";
import { percentile } from "./statistics.ts";

type Progress = (line: string) => void;

/** Each may have three calls at once. */
const keyCount = 800;
const slowStreams = 2_000;
const openedAtOnce = 50;
const slowForMs = 20_000;
const warmUpCalls = 400;
const callsOneByOne = 300;
const callsAtOnce = 2_000;
const concurrency = 16;
/** What the first piece of an answer holds, whatever it is written in. */
const firstContent = "token 0 ";

const prompt = [{ role: "user", content: "Say something that is about as long as a usual question of a person is." }];
const callers = {
  chat: { path: "/v1/chat/completions", body: { messages: prompt } },
  messages: { path: "/v1/messages", body: { messages: prompt, max_tokens: 200 } },
  responses: { path: "/v1/responses", body: { input: prompt, store: false } },
} as const;
type Caller = keyof typeof callers;
/** What each speaks stands first: there, bytes pass through as they are. */
const providers = {
  openai: { model: "gpt-4o-mini", native: { chat: "/chat/completions", responses: "/responses" } },
  anthropic: { model: "claude-haiku-4-5", native: { messages: "/messages" } },
  google: { model: "gemini-2.5-flash", native: { own: "/models/m:streamGenerateContent" } },
} as const;

interface Side {
  readonly pool: Pool;
  readonly keys: readonly string[];
}

/** Milliseconds until the first content; the whole stream is read. */
async function timeOf(pool: Pool, path: string, body: object, headers: Record<string, string>): Promise<number> {
  const startedMs = performance.now();
  let contentMs = Number.NaN;
  const answer = await pool.request({ method: "POST", path, headers, body: JSON.stringify({ ...body, stream: true }) });
  let said = "";
  for await (const chunk of answer.body) {
    if (!Number.isNaN(contentMs)) continue;
    said += String(chunk);
    if (said.includes(firstContent)) contentMs = performance.now() - startedMs;
  }
  if (Number.isNaN(contentMs)) throw new Error(`${path} was answered ${answer.statusCode}: ${said.slice(0, 300)}`);
  return contentMs;
}

async function measurePair(
  {
    platform,
    direct,
    routerPid,
    cpu,
  }: { platform: Side; direct: Pool; routerPid: number; cpu: (pid: number) => number },
  caller: Caller,
  provider: keyof typeof providers,
): Promise<string> {
  const { path, body } = callers[caller];
  const { model, native } = providers[provider];
  let turn = 0;
  const call = (): Promise<number> => {
    const key = platform.keys[(turn += 1) % platform.keys.length] ?? "";
    return timeOf(
      platform.pool,
      path,
      { model, ...body },
      { "content-type": "application/json", authorization: `Bearer ${key}` },
    );
  };
  const nativePath = Object.values(native)[0] ?? "";
  const callProvider = (): Promise<number> =>
    timeOf(direct, nativePath, { model }, { "content-type": "application/json" });
  for (let index = 0; index < warmUpCalls; index += concurrency)
    await Promise.all(Array.from({ length: concurrency }, call));
  const [through, straight]: [number[], number[]] = [[], []];
  for (let index = 0; index < callsOneByOne; index += 1) {
    through.push(await call());
    straight.push(await callProvider());
  }
  const before = cpu(routerPid);
  for (let index = 0; index < callsAtOnce; index += concurrency)
    await Promise.all(Array.from({ length: concurrency }, call));
  const micros = (cpu(routerPid) - before) / callsAtOnce;
  const at = (times: number[], percent: number): number =>
    percentile(
      times.toSorted((a, b) => a - b),
      percent,
    );
  const added = (percent: number): string => (at(through, percent) - at(straight, percent)).toFixed(2);
  const how = caller in native ? "as it is" : "translated";
  return `${caller.padEnd(10)} ${provider.padEnd(10)} ${how.padEnd(11)} router CPU ${micros.toFixed(0).padStart(5)} µs; first content +${added(50)} ms (p50), +${added(99)} ms (p99)`;
}

/** Streams that hardly anybody reads: what the router holds for them must not grow. */
async function measureSlowStreams(platform: Side, routerPid: number, progress: Progress): Promise<string> {
  const body = JSON.stringify({ model: "gpt-4o", messages: prompt, stream: true });
  const before = residentMib(routerPid);
  const open = async (index: number): Promise<{ destroy(): void }> => {
    const key = platform.keys[index % platform.keys.length] ?? "";
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const answer = await platform.pool.request({ method: "POST", path: callers.chat.path, headers, body });
    if (answer.statusCode !== 200) throw new Error(`stream ${index} was answered ${answer.statusCode}`);
    return answer.body.on("error", () => undefined);
  };
  const streams: { destroy(): void }[] = [];
  while (streams.length < slowStreams) {
    const first = streams.length;
    streams.push(...(await Promise.all(Array.from({ length: openedAtOnce }, (_, place) => open(first + place)))));
  }
  progress(`${slowStreams} streams are open and nobody reads them`);
  const held = residentMib(routerPid);
  await sleep(slowForMs);
  const later = residentMib(routerPid);
  for (const stream of streams) stream.destroy();
  const each = ((later - before) * 1024) / slowStreams;
  return `${slowStreams} slow streams: router ${before.toFixed(0)} MiB before, ${held.toFixed(0)} MiB with all open, ${later.toFixed(0)} MiB after ${slowForMs / 1000} s; ${each.toFixed(0)} KiB each`;
}

/** All of it comes from one address. */
const gatewaySettings: Record<string, string> = {
  BAD_KEYS_PER_MINUTE: "100000",
  MAX_CONNECTIONS_PER_ADDRESS: "8192",
  MAX_CALLS_PER_ADDRESS: "8192",
};

const routerSettings = (providerUrl: string): Record<string, string> => ({
  ...Object.fromEntries(
    Object.keys(providers).flatMap((id) => [
      [`${id.toUpperCase()}_API_KEY`, "bench"],
      [`${id.toUpperCase()}_BASE_URL`, providerUrl],
    ]),
  ),
  MAX_CALLS_PER_UPSTREAM: "4096",
  CALLER_DRAIN_TIMEOUT_MS: "120000",
});

/** What a call costs by who speaks and who answers, and what 2,000 slow streams hold. */
export async function measureRouter(progress: Progress): Promise<void> {
  const provider = await startDialectProvider();
  const providerUrl = `http://127.0.0.1:${provider.port}`;
  const dataDir = makeScratchFolder("bench-router");
  const env = { "llm-router": routerSettings(providerUrl), gateway: gatewaySettings };
  let stack: Stack | null = null;
  try {
    stack = await startStack({ dataDir, sandboxes: 0, env, onProgress: progress });
    const keys = await createManyKeys(stack, keyCount);
    const platform = { keys, pool: new Pool(stack.urls.gateway[0] ?? "", { connections: slowStreams + 64 }) };
    const direct = new Pool(providerUrl, { connections: 1 });
    const routerPid = Object.values(stack.services).find(({ name }) => name === "llm-router")?.pid ?? 0;
    const cpu = createCpuClock().read;
    for (const provider of Object.keys(providers) as (keyof typeof providers)[]) {
      for (const caller of Object.keys(callers) as Caller[]) {
        console.log(await measurePair({ platform, direct, routerPid, cpu }, caller, provider));
      }
    }
    console.log(await measureSlowStreams(platform, routerPid, progress));
    await Promise.all([platform.pool.destroy(), direct.destroy()]);
  } finally {
    provider.stop();
    await stack?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
