import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { chatCompletion, chatEvents, type FakeUpstream, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { type Answer, chatBody, rigFor, type RouterRig, routerEnv, spoolFolder, upstreams } from "./router-rig.ts";
import { type RouterProcess, startRouterProcess } from "./router-process.ts";
import { freePort } from "./free-port.ts";

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

/** Which answers the bus knows nothing right about, after a kill -9 and a restart, with the bus away in between. */
async function unrecordedAfterKill(entry: string, rounds: number): Promise<{ whole: number; wrong: string[] }> {
  const folder = spoolFolder();
  const [port, linkPort] = [await freePort(), await freePort()];
  const ports = { HTTP_PORT: String(port), LINK_PORT: String(linkPort) };
  const env = { ...routerEnv(nats, folder), ...ports, UPSTREAMS: upstreams(upstream.url) };
  const url = `http://127.0.0.1:${port}`;
  const rig = await rigFor(nats, { url, opsUrl: "", linkPort, folder, stop: async () => undefined });
  const answers: CallAnswer[] = [];
  let router: RouterProcess;
  for (let round = 0; round < rounds; round++) {
    router = await startRouterProcess(entry, env);
    await nats.kill9();
    const before = answers.length;
    const calling = callEndlessly(rig, answers);
    await eventually(() => expect(answers.length).toBeGreaterThan(before + 25 + round * 3));
    await router.kill9();
    await calling;
    await nats.restart();
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
  return { whole: whole.length, wrong };
}

test("killed -9 under load with the bus away, the router has recorded every answer that reached a caller", async () => {
  const { whole, wrong } = await unrecordedAfterKill(entries.durable, 3);
  expect(wrong).toEqual([]);
  expect(whole).toBeGreaterThan(30);
});

test("and without its spool this very check finds answers that nobody recorded", async () => {
  const { wrong } = await unrecordedAfterKill(entries.volatile, 1);
  expect(wrong.length).toBeGreaterThan(0);
});
