import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerHandler } from "@topdog/call-link/call";
import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { Secret } from "@topdog/config/secret";
import { serveRpc } from "@topdog/messaging/rpc";
import { seal } from "@topdog/vault/envelope";
import { createKeyring, vaultKeysField } from "@topdog/vault/keyring";
import { startDialectProvider } from "./child.ts";
import { createCpuClock } from "./cpu-clock.ts";
import { residentMib } from "./measure.ts";
import { benchCall, type RouterAlone, startRouterAlone } from "./router-alone.ts";

type Progress = (line: string) => void;

const slowStreams = 2_000;
const openedAtOnce = 50;
const looks = 5;
const lookEveryMs = 15_000;
const settleMs = 3_000;
const credentials = 10_000;
const concurrency = 16;
const warmUpCalls = 3_000;

const messages = [{ role: "user", content: "Say something that is about as long as a usual question of a person is." }];
const bodyOf = (model: string, stream: boolean): Buffer => Buffer.from(JSON.stringify({ model, messages, stream }));
const nothing = (): void => undefined;

interface Streams {
  readonly name: string;
  readonly model: string;
  readonly isRead: boolean;
}
/** Of a provider that sends as fast as it is let, and callers that read nothing: whatever can be held is. */
const unread: Streams = { name: "streams that nobody reads", model: "gpt-4.1", isRead: false };
/** Two kilobytes a second each: what grows with an answer's length would be seen. */
const dripping: Streams = { name: "slow streams that are read", model: "gpt-4o", isRead: true };

async function measureStreams(
  router: RouterAlone,
  { name, model, isRead }: Streams,
  progress: Progress,
): Promise<string[]> {
  const body = bodyOf(model, true);
  const before = residentMib(router.pid);
  const pending: { cancel(): void }[] = [];
  let ended = 0;
  const open = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const handler: AnswerHandler = {
        onHead: ({ status }) => (status === 200 ? resolve() : reject(new Error(`stream ${index} was ${status}`))),
        // It is taken either way; where nobody reads, no more is asked for.
        onData: () => isRead,
        onEnd: () => void (ended += 1),
        onFail: ({ reason }) => reject(new Error(`stream ${index} was ${reason}`)),
      };
      pending.push(router.links.call(benchCall(`usr_${index}`, body), handler));
    });
  while (pending.length < slowStreams) {
    const first = pending.length;
    await Promise.all(Array.from({ length: openedAtOnce }, (_, place) => open(first + place)));
  }
  progress(`${slowStreams} ${name} are open`);
  const lines: string[] = [];
  for (let look = 0; look < looks; look += 1) {
    if (look > 0) await sleep(lookEveryMs);
    const resident = residentMib(router.pid);
    const [heap, external] = [
      await mib(router, "nodejs_heap_size_used_bytes"),
      await mib(router, "nodejs_external_memory_bytes"),
    ];
    const each = ((resident - before) * 1024) / slowStreams;
    lines.push(
      `${slowStreams} ${name}, after ${(look * lookEveryMs) / 1000} s: router ${resident.toFixed(0)} MiB resident (${before.toFixed(0)} before, ${each.toFixed(0)} KiB each), heap ${heap.toFixed(0)} MiB, buffers ${external.toFixed(0)} MiB`,
    );
    progress(lines.at(-1) ?? "");
  }
  if (ended > 0) throw new Error(`${ended} streams ended meanwhile`);
  for (const one of pending) one.cancel();
  await sleep(settleMs);
  return lines;
}

const mib = async (router: RouterAlone, name: string): Promise<number> => (await router.metric(name)) / 2 ** 20;

/** Resolves with the status at the end of the answer. */
const ask = (router: RouterAlone, user: number, ownCredential: boolean, model: string): Promise<number> =>
  new Promise((resolve, reject) => {
    let status = 0;
    const tenants = ownCredential ? [`user:usr_${user}`] : [];
    router.links.call(benchCall(`usr_${user}`, bodyOf(model, true), tenants), {
      onHead: (head) => ({ status } = head),
      onData: () => true,
      onEnd: () => resolve(status),
      onFail: ({ reason }) => reject(new Error(`a call was ${reason}`)),
    });
  });

async function cpuOf(router: RouterAlone, count: number, call: (index: number) => Promise<number>, wanted: number) {
  const cpu = createCpuClock();
  const before = cpu.read(router.pid);
  for (let index = 0; index < count; index += concurrency) {
    const statuses = await Promise.all(Array.from({ length: concurrency }, (_, place) => call(index + place)));
    const wrong = statuses.find((status) => status !== wanted);
    if (wrong !== undefined) throw new Error(`a call was answered ${wrong}, not ${wanted}`);
  }
  return (cpu.read(router.pid) - before) / count;
}

/** What breakers and rests cost when 10,000 callers bring a credential each. */
async function measureCredentials(router: RouterAlone, progress: Progress): Promise<string[]> {
  const keyring = createKeyring(vaultKeysField.parse(router.vaultKeys));
  const answers = serveRpc(router.registry, listCredentials, {
    maxInFlight: 256,
    logger: { ...console, fatal: console.error },
    handle: async ({ tenant }) => {
      const facts = { id: `cred_${tenant.slice(5)}`, addedBy: tenant.slice(5), provider: "openai", version: 1 };
      const bound = { tenant, owner: facts.addedBy, id: facts.id, provider: facts.provider, version: 1 };
      const envelope = await seal(keyring, Secret.of("sk-of-the-bench"), bound);
      const open = { status: "valid", allowedModels: null, allowedMembers: null } as const;
      return { credentials: [{ ...facts, ...open, envelope }], hasMore: false, fallback: false };
    },
  });
  await router.registry.nc.flush();
  const lines: string[] = [];
  const note = (what: string, micros: number): void => {
    lines.push(
      `${what.padEnd(64)} router CPU ${micros.toFixed(0).padStart(5)} µs a call, ${residentMib(router.pid).toFixed(0)} MiB resident`,
    );
    progress(lines.at(-1) ?? "");
  };
  const platform = (index: number) => ask(router, index, false, "gpt-4o-mini");
  const own = (index: number) => ask(router, index, true, "gpt-4o-mini");
  await cpuOf(router, warmUpCalls, platform, 200);
  note("the platform's credential", await cpuOf(router, credentials, platform, 200));
  note(`${credentials} callers' own, asked for and opened`, await cpuOf(router, credentials, own, 200));
  note(`${credentials} callers' own, known`, await cpuOf(router, credentials, own, 200));
  // A model that the provider limits: each credential rests for it alone.
  const limited = (index: number) => ask(router, index, true, "gpt-4o");
  note(`${credentials} callers' own, each limited by the provider`, await cpuOf(router, credentials, limited, 429));
  note(
    `${credentials} callers' own, all of them resting for that model`,
    await cpuOf(router, credentials, limited, 429),
  );
  note(`the platform's credential, beside ${credentials} rests`, await cpuOf(router, credentials, platform, 200));
  await answers.stop();
  return lines;
}

/** What a router holds: 2,000 streams that nobody reads, and 10,000 credentials. */
export async function measureHeld(progress: Progress): Promise<void> {
  const provider = await startDialectProvider();
  const url = `http://127.0.0.1:${provider.port}`;
  const router = await startRouterAlone({
    OPENAI_API_KEY: "bench",
    OPENAI_BASE_URL: url,
    MAX_CALLS_PER_UPSTREAM: "4096",
    CALLER_DRAIN_TIMEOUT_MS: "600000",
  });
  try {
    for (const line of await measureCredentials(router, progress)) console.log(line);
    for (const streams of [dripping, unread])
      for (const line of await measureStreams(router, streams, progress)) console.log(line);
  } finally {
    await router.stop().catch(nothing);
    provider.stop();
  }
}
