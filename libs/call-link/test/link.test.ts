import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import type { IncomingCall } from "../src/call.ts";
import { windowBytes } from "../src/frame.ts";
import { ask, echo, ok, opened, principal, report, startLinks, startServer } from "./link-rig.ts";
import { startTcpProxy } from "@topdog/testing/tcp-proxy";

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function router(...args: Parameters<typeof startServer>): Promise<Awaited<ReturnType<typeof startServer>>> {
  const server = await startServer(...args);
  releases.push(() => server.stop(0));
  return server;
}
function gateway(...args: Parameters<typeof startLinks>): ReturnType<typeof startLinks> {
  const links = startLinks(...args);
  releases.push(() => links.stop());
  return links;
}
async function proxy(port: number): Promise<Awaited<ReturnType<typeof startTcpProxy>>> {
  const between = await startTcpProxy(port);
  releases.push(() => between.stop());
  return between;
}

/** Keeps what came, to be answered by the test. */
function held(): { calls: IncomingCall[]; onCall: (call: IncomingCall) => void } {
  const calls: IncomingCall[] = [];
  return { calls, onCall: (call) => calls.push(call) };
}

describe("a call", () => {
  test("arrives as it was sent, and its answer and report come back", async () => {
    const seen: IncomingCall[] = [];
    const server = await router((call) => {
      seen.push(call);
      echo(call);
    });
    const links = gateway([server.port]);
    const call = opened(Buffer.from("hello"), { path: "/v1/é" });
    const answer = await ask(links, call).answer;
    expect(answer).toEqual({
      status: 200,
      headers: ["x-request-id", call.requestId],
      body: Buffer.from("hello"),
      report: report(),
      failure: null,
    });
    expect(seen[0]?.opened).toEqual(call);
  });

  test("is never mixed with another, however many share the connection and however long they are", async () => {
    const server = await router((call) => setTimeout(echo, call.opened.body.length % 7, call));
    const links = gateway([server.port]);
    const bodies = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1 + ((i * 7919) % 200_000), i % 251));
    const answers = await Promise.all(bodies.map((body) => ask(links, opened(body)).answer));
    expect(answers.every(({ body }, i) => body.equals(bodies[i] as Buffer))).toBe(true);
    expect(server.faults).toEqual([]);
  });

  test("of a new principal, a changed one and a known one is each the right one's", async () => {
    const seen: unknown[] = [];
    const server = await router((call) => {
      seen.push(call.opened.principal);
      echo(call);
    });
    const links = gateway([server.port]);
    const changed = { ...principal("key_a"), byok: { scope: "user", used: 2, capacity: 3 } as const };
    const all = [principal("key_a"), principal("key_b"), principal("key_a"), changed, changed, principal("key_b")];
    for (const one of all) await ask(links, opened(null, { principal: one })).answer;
    expect(seen).toEqual(all);
  });

  test("whose metadata is longer than a frame is refused alone", async () => {
    const server = await router(echo);
    const links = gateway([server.port]);
    await eventually(() => expect(links.counts().ready).toBe(1));
    const long = await ask(links, opened(null, { path: "x".repeat(60_000) })).answer;
    expect(long.failure?.reason).toBe("refused");
    expect((await ask(links, opened(null)).answer).status).toBe(200);
    expect(server.faults).toEqual([]);
  });

  test("whose body is longer than the router takes is told so; one beyond its room goes back", async () => {
    const server = await router(() => undefined, { maxBodyBytes: 1000, maxBodyBytesTotal: 1500 });
    const links = gateway([server.port]);
    expect((await ask(links, opened(Buffer.alloc(1001))).answer).failure).toEqual({ reason: "too_large" });
    ask(links, opened(Buffer.alloc(1000)));
    expect((await ask(links, opened(Buffer.alloc(501))).answer).failure?.reason).toBe("refused");
    expect(server.calls()).toBe(1);
  });
});

describe("a call that is given up", () => {
  test("tells its router at once, leaves the others alone, and still brings the report", async () => {
    const { calls, onCall } = held();
    const server = await router(onCall);
    const links = gateway([server.port]);
    const [gone, kept] = [ask(links, opened(null)), ask(links, opened(null))];
    await eventually(() => expect(calls).toHaveLength(2));
    let aborted = false;
    calls[0]?.onGone(() => {
      aborted = true;
      calls[0]?.end(report({ outcome: "client_closed" }));
    });
    calls[0]?.head(ok());
    gone.pending.cancel();
    await eventually(() => expect(aborted).toBe(true));
    calls[1]?.head(ok());
    calls[1]?.write(Buffer.from("still here"));
    calls[1]?.end(report());
    expect((await kept.answer).body.toString()).toBe("still here");
    expect((await gone.answer).report?.outcome).toBe("client_closed");
    expect(server.calls()).toBe(0);
  });

  test("before its body has come is known to have done nothing", async () => {
    const { calls, onCall } = held();
    const server = await router(onCall);
    const between = await proxy(server.port);
    const links = gateway([between.port]);
    await eventually(() => expect(links.counts().ready).toBe(1));
    between.hold(true);
    const asked = ask(links, opened(Buffer.alloc(10 * windowBytes)));
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    asked.pending.cancel();
    between.hold(false);
    expect((await asked.answer).failure).toEqual({ reason: "cancelled" });
    expect([calls.length, server.calls()]).toEqual([0, 0]);
  });
});

describe("a slow side", () => {
  test("holds back its own call only, and no more than a window of it is on its way", async () => {
    const chunk = Buffer.alloc(16 * 1024, 1);
    let written = 0;
    const server = await router((call) => {
      if (call.opened.path !== "/long") return echo(call);
      call.head(ok());
      const pour = (): void => {
        while (written < 40 * windowBytes) {
          written += chunk.length;
          if (!call.write(chunk)) return;
        }
        call.end(report());
      };
      call.onDrain(pour);
      pour();
    });
    const links = gateway([server.port]);
    let isReading = false;
    const slow = ask(links, opened(null, { path: "/long" }), () => isReading);
    await eventually(() => expect(slow.received()).toBe(windowBytes));
    expect((await ask(links, opened(Buffer.alloc(3 * windowBytes, 7))).answer).body).toHaveLength(3 * windowBytes);
    expect([slow.received(), written]).toEqual([windowBytes, windowBytes + chunk.length]);
    isReading = true;
    slow.pending.resume();
    expect((await slow.answer).body).toHaveLength(40 * windowBytes);
  });

  test("a long upload does not hold up a short call behind it", async () => {
    const done: string[] = [];
    const server = await router(echo);
    const links = gateway([server.port]);
    await eventually(() => expect(links.counts().ready).toBe(1));
    const long = ask(links, opened(Buffer.alloc(32 * 1024 * 1024))).answer.then(() => done.push("long"));
    const short = ask(links, opened(Buffer.alloc(1000))).answer.then(() => done.push("short"));
    await Promise.all([long, short]);
    expect(done).toEqual(["short", "long"]);
  });
});

describe("a router that goes", () => {
  test("drained: running calls end on it, later ones go to another, and none fails", async () => {
    let isSlow = true;
    const first = await router((call) => (isSlow ? setTimeout(echo, 300, call) : echo(call)));
    const second = await router(echo);
    const moved: string[] = [];
    const links = gateway([first.port, second.port], { onMoved: (why) => moved.push(why) });
    await eventually(() => expect(links.counts().ready).toBe(2));
    const answers: Promise<number>[] = [];
    let stopped: Promise<void> | null = null;
    for (let i = 0; i < 2000; i += 1) {
      answers.push(ask(links, opened(Buffer.alloc(200))).answer.then(({ status }) => status));
      if (i === 1000) stopped = first.stop(10_000);
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    await stopped;
    isSlow = false;
    expect([first.calls(), first.connections(), links.counts().ready]).toEqual([0, 0, 1]);
  });

  test("cut off in the middle: its calls are reset, and only those that it cannot have seen move", async () => {
    const { calls, onCall } = held();
    const first = await router(onCall);
    const between = await proxy(first.port);
    const links = gateway([between.port]);
    const asked = ask(links, opened(Buffer.alloc(10)));
    await eventually(() => expect(calls).toHaveLength(1));
    calls[0]?.head(ok());
    calls[0]?.write(Buffer.from("half"));
    await eventually(() => expect(asked.received()).toBe(4));
    let gone = false;
    calls[0]?.onGone(() => (gone = true));
    between.cutAfter(3);
    calls[0]?.write(Buffer.from("of it"));
    expect((await asked.answer).failure?.reason).toBe("reset");
    await eventually(() => expect(gone).toBe(true));
    calls[0]?.end(report());
    expect(first.calls()).toBe(0);
  });

  test("and comes back is found by the next call; while it is away calls fail at once", async () => {
    const first = await startServer(echo);
    const links = gateway([first.port]);
    expect((await ask(links, opened(null)).answer).status).toBe(200);
    await first.stop(0);
    expect((await ask(links, opened(null)).answer).failure?.reason).toBe("unreachable");
    await router(echo, { port: first.port });
    expect((await ask(links, opened(null)).answer).status).toBe(200);
  });

  test("frozen: it is passed over while others answer, is used again when it wakes, and loses no call", async () => {
    const frozen = await router(echo);
    const other = await router(echo);
    const between = await proxy(frozen.port);
    const ejections: boolean[] = [];
    const links = gateway([between.port, other.port], {
      pingIntervalMs: 20,
      ejectAfterMs: 100,
      onEjected: (_host, isEjected) => ejections.push(isEjected),
    });
    await eventually(() => expect(links.counts().ready).toBe(2));
    between.hold(true);
    const caught = Array.from({ length: 20 }, () => ask(links, opened(null)).answer);
    await eventually(() => expect(links.counts()).toEqual({ ready: 1, ejected: 1, down: 0 }));
    const others = await Promise.all(Array.from({ length: 50 }, () => ask(links, opened(null)).answer));
    expect(others.every(({ status }) => status === 200)).toBe(true);
    between.hold(false);
    expect((await Promise.all(caught)).every(({ status }) => status === 200)).toBe(true);
    await eventually(() => expect(links.counts().ready).toBe(2));
    expect(ejections).toEqual([true, false]);
  });

  test("frozen for a while: what it has not begun to answer fails, so that another can be asked; what it has begun goes on", async () => {
    const frozen = await router((call) => {
      if (call.opened.path === "/begun") call.head(ok());
      call.onGone(() => call.end(report({ outcome: "client_closed" })));
    });
    const between = await proxy(frozen.port);
    const other = await router(echo);
    let isUp = false;
    const links = gateway([between.port, other.port], {
      pingIntervalMs: 20,
      ejectAfterMs: 60,
      loseAfterMs: 120,
      // The first calls go to the one that will freeze.
      random: () => (isUp ? 0.99 : 0),
    });
    await eventually(() => expect(links.counts().ready).toBe(2));
    const begun = ask(links, opened(null, { path: "/begun" }));
    const waiting = Array.from({ length: 3 }, () => ask(links, opened(null)).answer);
    await eventually(() => expect(frozen.calls()).toBe(4));
    isUp = true;
    between.hold(true);
    for (const { failure } of await Promise.all(waiting)) expect(failure?.reason).toBe("reset");
    between.hold(false);
    await eventually(() => expect(links.counts().ready).toBe(2));
    // It hears that the others were given up.
    await eventually(() => expect(frozen.calls()).toBe(1));
    begun.pending.cancel();
    await eventually(() => expect(frozen.calls()).toBe(0));
  });

  test("frozen and the only one: its calls wait for it", async () => {
    const frozen = await router(echo);
    const between = await proxy(frozen.port);
    const links = gateway([between.port], { pingIntervalMs: 20, ejectAfterMs: 40, loseAfterMs: 80 });
    await eventually(() => expect(links.counts().ready).toBe(1));
    between.hold(true);
    const caught = ask(links, opened(null)).answer;
    await sleep(300);
    between.hold(false);
    expect((await caught).status).toBe(200);
  });

  test("frozen for too long: its connection is closed and its calls are reset", async () => {
    const server = await router(() => undefined);
    const between = await proxy(server.port);
    const links = gateway([between.port], { pingIntervalMs: 20, ejectAfterMs: 50, closeAfterMs: 300 });
    const asked = ask(links, opened(null));
    await eventually(() => expect(server.calls()).toBe(1));
    between.hold(true);
    expect((await asked.answer).failure?.reason).toBe("reset");
  });

  test("and one that is full sends a call on to another", async () => {
    const full = await router(echo, { maxCalls: 0 });
    const free = await router(echo);
    const links = gateway([full.port, free.port]);
    await eventually(() => expect(links.counts().ready).toBe(2));
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(links, opened(null)).answer));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});

test("calls are shared out by the groups' weights, and by load within a group", async () => {
  const counts = [0, 0, 0];
  const servers = await Promise.all(
    counts.map((_, index) =>
      router((call) => {
        counts[index] = (counts[index] as number) + 1;
        echo(call);
      }),
    ),
  );
  const [stable, canary, off] = servers.map(({ port }) => port) as [number, number, number];
  const group = (port: number, weight: number) => ({ host: "127.0.0.1", port, isTls: false, weight });
  const links = gateway([], { groups: [group(stable, 9), group(canary, 1), group(off, 0)] });
  await eventually(() => expect(links.counts().ready).toBe(3));
  for (let i = 0; i < 100; i += 1) {
    await Promise.all(Array.from({ length: 20 }, () => ask(links, opened(null)).answer));
  }
  expect((counts[1] as number) / 2000).toBeGreaterThan(0.06);
  expect((counts[1] as number) / 2000).toBeLessThan(0.14);
  expect(counts[2]).toBe(0);
});

test("a name's routers are found anew: one that is added gets calls, one that is gone gets none and ends its own", async () => {
  const { calls, onCall } = held();
  const first = await router(onCall);
  let addresses: readonly string[] = ["127.0.0.1"];
  const links = gateway([], {
    groups: [{ host: "routers.test", port: first.port, isTls: false, weight: 1 }],
    resolve: async () => addresses,
    resolveIntervalMs: 20,
    pingIntervalMs: 20,
  });
  const running = ask(links, opened(null));
  await eventually(() => expect(calls).toHaveLength(1));
  const second = await router(echo, { host: "127.0.0.2", port: first.port });
  addresses = ["127.0.0.2"];
  await eventually(() => expect(second.connections()).toBe(1));
  expect((await ask(links, opened(null)).answer).status).toBe(200);
  calls[0]?.head(ok());
  calls[0]?.end(report());
  expect((await running.answer).status).toBe(200);
  await eventually(() => expect(first.connections()).toBe(0));
});

test("a router that throws on a call cuts that call and no other", async () => {
  const bugs: unknown[] = [];
  const server = await router(
    (call) => {
      if (call.opened.path === "/bug") throw new Error("a bug");
      echo(call);
    },
    { onBug: (error) => bugs.push(error) },
  );
  const links = gateway([server.port]);
  const [broken, fine] = [ask(links, opened(null, { path: "/bug" })), ask(links, opened(null))];
  expect((await broken.answer).failure).toMatchObject({ reason: "cut", report: { recorded: false } });
  expect((await fine.answer).status).toBe(200);
  expect([bugs.length, server.calls()]).toEqual([1, 0]);
});

test("a handler of ours that throws loses its own call and no other", async () => {
  const server = await router(echo);
  const bugs: unknown[] = [];
  const links = gateway([server.port], { onBug: (error) => bugs.push(error) });
  const broken = ask(links, opened(Buffer.from("x")), () => {
    throw new Error("a bug");
  });
  const fine = ask(links, opened(Buffer.from("y")));
  expect((await broken.answer).failure?.reason).toBe("reset");
  expect((await fine.answer).body.toString()).toBe("y");
  expect(bugs).toHaveLength(1);
});
