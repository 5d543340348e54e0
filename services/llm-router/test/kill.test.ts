import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { chatCompletion, chatEvents, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { type Answer, chatBody, rigFor, type RouterRig, routerEnv, spoolFolder, upstreams } from "./router-rig.ts";
import { type RouterProcess, startRouterProcess } from "./router-process.ts";
import { freePort } from "@topdog/local-stack/free-port";

let nats: TestNats;
let upstream: FakeUpstream;
beforeAll(async () => {
  nats = await testNats();
  upstream = await startFakeUpstream(({ body }) =>
    body.includes('"stream":true')
      ? { events: chatEvents(["a", "b", "c", "d"]), eventDelayMs: 15 }
      : { body: chatCompletion("hello"), firstByteDelayMs: 20 },
  );
});
afterAll(async () => {
  await upstream.close();
  await nats.stop();
});

const entries = {
  durable: fileURLToPath(new URL("../src/main.ts", import.meta.url)),
  volatile: fileURLToPath(new URL("./volatile-router-process.ts", import.meta.url)),
};
type CallAnswer = Partial<Answer> & { seq: number };

/** Calls without end until the router is gone; a call that it did not answer at all is left out. */
function callEndlessly(rig: RouterRig, answers: CallAnswer[]): Promise<unknown> {
  const caller = async (stream: boolean): Promise<void> => {
    for (;;) {
      try {
        answers.push(await rig.call(chatBody({ stream })));
      } catch {
        return;
      }
    }
  };
  return Promise.all(Array.from({ length: 12 }, (_, i) => caller(i % 3 > 0)));
}

const isWhole = ({ status, cut, events, text }: CallAnswer): boolean =>
  status === 200 && cut === false && (events?.at(-1) === "[DONE]" || text?.startsWith('{"id"') === true);

interface AfterKills {
  /** Whole answers that callers had. */
  readonly whole: number;
  /** Answers that the bus knows nothing right about. */
  readonly wrong: string[];
  /** How often a record came that had come before, and how often it then said something else. */
  readonly repeated: number;
  readonly contradicted: number;
}

/** Calls a router that is killed -9 and started again, with the bus away or there meanwhile. */
async function afterKills(entry: string, rounds: number, bus: "away" | "there"): Promise<AfterKills> {
  const folder = spoolFolder();
  const [port, linkPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const ports = { HTTP_PORT: String(port), LINK_PORT: String(linkPort) };
  const env = { ...routerEnv(nats, folder), ...ports, UPSTREAMS: upstreams(upstream.url) };
  const url = `http://127.0.0.1:${port}`;
  const rig = await rigFor(nats, { url, opsUrl: "", linkPort, folder, stop: async () => undefined });
  const answers: CallAnswer[] = [];
  let router: RouterProcess;
  for (let round = 0; round < rounds; round++) {
    router = await startRouterProcess(entry, env);
    if (bus === "away") await nats.kill9();
    const before = answers.length;
    const calling = callEndlessly(rig, answers);
    await eventually(() => expect(answers.length).toBeGreaterThan(before + 25 + round * 3));
    await router.kill9();
    await calling;
    if (bus === "away") await nats.restart();
  }
  router = await startRouterProcess(entry, env);
  const known = async () => {
    const usages = await rig.usages();
    return new Map(usages.map((usage) => [usage.charges[0]!.seq, usage]));
  };
  const whole = answers.filter(isWhole);
  await eventually(async () => expect((await known()).size).toBeGreaterThanOrEqual(whole.length), {
    timeoutMs: entry === entries.durable ? 30_000 : 1500,
  }).catch(() => undefined);
  const usages = await known();
  const published = await rig.usages();
  await router.kill9();
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
  const wrong = answers.flatMap((answer) => {
    const usage = usages.get(answer.seq);
    if (isWhole(answer))
      return usage?.outcome === "ok" && !usage.refund ? [] : [`whole ${answer.seq}: ${usage?.outcome}`];
    if (answer.text === undefined || answer.text === "") return [];
    return usage !== undefined && !usage.refund ? [] : [`begun ${answer.seq}: ${usage?.outcome}`];
  });
  const different = new Set(published.map((usage) => JSON.stringify(usage))).size;
  return {
    whole: whole.length,
    wrong,
    repeated: published.length - usages.size,
    contradicted: different - usages.size,
  };
}

test("killed -9 under load with the bus away, the router has recorded every answer that reached a caller", async () => {
  const { whole, wrong } = await afterKills(entries.durable, 3, "away");
  expect(wrong).toEqual([]);
  expect(whole).toBeGreaterThan(30);
});

test("killed -9 between publishing a batch and letting go of it, it publishes those records again, and they say the same", async () => {
  const { whole, wrong, repeated, contradicted } = await afterKills(entries.durable, 2, "there");
  expect(wrong).toEqual([]);
  expect(whole).toBeGreaterThan(20);
  expect(repeated).toBeGreaterThan(0);
  expect(contradicted).toBe(0);
});

test("and without its spool the same check finds answers that nobody recorded", async () => {
  const { wrong } = await afterKills(entries.volatile, 1, "away");
  expect(wrong.length).toBeGreaterThan(0);
});
