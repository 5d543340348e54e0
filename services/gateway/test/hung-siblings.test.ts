import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { type Answer, type Gateway, type Platform, startPlatform } from "./platform.ts";

interface Sibling {
  readonly url: string;
  readonly process: ChildProcess;
}

const entry = new URL("sibling-process.ts", import.meta.url).pathname;
const started: ChildProcess[] = [];
let platform: Platform;
let gateway: Gateway;
let one: Sibling;
let other: Sibling;
let key: string;

async function startSibling(): Promise<Sibling> {
  const process_ = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(process_);
  const [port] = (await once(process_.stdout, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${port.toString().trim()}`, process: process_ };
}

beforeAll(async () => {
  platform = await startPlatform();
});
beforeEach(async () => {
  [one, other] = await Promise.all([startSibling(), startSibling()]);
  gateway = await platform.startGateway({ ORG_REGISTRY_URL: `${one.url},${other.url}` });
  ({ key } = platform.newKey());
});
afterAll(async () => {
  for (const process_ of started) process_.kill("SIGKILL");
  await platform.stop();
});

const ask = (path: string, method: "GET" | "POST" = "GET"): Promise<Answer> =>
  gateway.call(key, { method, path, body: method === "GET" ? null : "{}" });
const askedOf = ({ text }: Answer): { pid: number; requests: number } =>
  JSON.parse(text) as { pid: number; requests: number };
const silent = (): Promise<number> => gateway.metric("topdog_gateway_silent_siblings");
const untilSilent = (count: number): Promise<void> =>
  eventually(async () => expect(await silent()).toBe(count), { intervalMs: 50 });

test("an instance that hangs fails no read: another one answers, at once as soon as it is found out, and it comes back when it wakes", async () => {
  expect((await ask("/api/keys")).status).toBe(200);
  one.process.kill("SIGSTOP");
  const before = await Promise.all(Array.from({ length: 20 }, () => ask("/api/keys")));
  expect(before.map(({ status }) => status)).toEqual(before.map(() => 200));
  expect(new Set(before.map((answer) => askedOf(answer).pid))).toEqual(new Set([other.process.pid]));
  await untilSilent(1);
  const moved = await gateway.metric('topdog_gateway_moved_requests_total{sibling="org-registry",reason="silent"');
  // Every second one was sent to it; afterwards none is.
  expect(moved).toBe(10);
  for (let count = 0; count < 20; count += 1) expect((await ask("/api/keys")).status).toBe(200);
  expect(await gateway.metric('topdog_gateway_moved_requests_total{sibling="org-registry",reason="silent"')).toBe(
    moved,
  );

  one.process.kill("SIGCONT");
  await untilSilent(0);
  const pids = new Set<number>();
  for (let count = 0; count < 4; count += 1) pids.add(askedOf(await ask("/api/keys")).pid);
  expect(pids.size).toBe(2);
});

test("a change that a hung instance may have taken is not sent to another one: it is done once, when the instance wakes", async () => {
  one.process.kill("SIGSTOP");
  const asked = [ask("/api/keys", "POST"), ask("/api/keys", "POST")];
  await untilSilent(1);
  // From now on no change goes there.
  expect(askedOf(await ask("/api/keys", "POST")).pid).toBe(other.process.pid);
  one.process.kill("SIGCONT");
  const answers = await Promise.all(asked);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const byWoken = answers.map(askedOf).filter(({ pid }) => pid === one.process.pid);
  expect(byWoken).toEqual([{ pid: one.process.pid, requests: 1 }]);
});

test("an instance that is merely slow keeps its requests, and is asked once", async () => {
  const answers = await Promise.all([ask("/api/keys?slow"), ask("/api/keys?slow")]);
  expect(answers.map(askedOf).map(({ requests }) => requests)).toEqual([1, 1]);
  await untilSilent(0);
});

test("an instance that is gone fails nothing that had not reached it: changes go to another one, too", async () => {
  expect((await ask("/api/keys")).status).toBe(200);
  one.process.kill("SIGKILL");
  await once(one.process, "exit");
  const answers: Answer[] = [];
  for (let count = 0; count < 10; count += 1) answers.push(await ask("/api/keys", count % 2 === 0 ? "POST" : "GET"));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await untilSilent(1);
});

test("with no instance left that answers, a read is answered 503 in time and not held for good", async () => {
  const gone = [once(one.process, "exit"), once(other.process, "exit")];
  one.process.kill("SIGKILL");
  other.process.kill("SIGKILL");
  await Promise.all(gone);
  const answer = await ask("/api/keys");
  expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
});
