import { execFile, type PromiseWithChild } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { JetStreamApiError } from "@nats-io/jetstream";
import { durables, streams } from "@topdog/contracts/topology";
import { childEnv } from "@topdog/testing/child-env";
import { eventually } from "@topdog/testing/eventually";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { assertServerVersion } from "../src/connect.ts";
import { applyTopology, isPassing } from "../src/topology.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

describe("applyTopology", () => {
  test("makes every declared stream and durable, and changes nothing when applied again", async () => {
    const read = async (): Promise<unknown[]> => [
      ...(await Promise.all(streams.map(async ({ name }) => (await nats.bus.jsm.streams.info(name)).config))),
      ...(await Promise.all(
        durables.map(async (one) => (await nats.bus.jsm.consumers.info(one.stream, one.name)).config),
      )),
    ];
    const before = await read();
    await applyTopology(nats.bus);
    expect(await read()).toEqual(before);
  });

  test("repairs a durable that was changed by hand, and keeps its place", async () => {
    const [durable] = durables;
    if (durable === undefined) throw new Error("no durable is declared");
    await nats.bus.jsm.consumers.update(durable.stream, durable.name, { max_ack_pending: 1 });
    await applyTopology(nats.bus);
    const { config } = await nats.bus.jsm.consumers.info(durable.stream, durable.name);
    expect([config.max_ack_pending, config.max_deliver]).toEqual([durable.maxAckPending, -1]);
  });

  test("takes away no subject that a newer release has added, whose services publish on it", async () => {
    const [stream] = streams;
    if (stream === undefined) throw new Error("no stream is declared");
    const newer = [...stream.subjects, "topdog.newer.thing.v1"];
    await nats.bus.jsm.streams.update(stream.name, { subjects: newer });
    await applyTopology(nats.bus);
    expect((await nats.bus.jsm.streams.info(stream.name)).config.subjects).toEqual(newer);
    await nats.bus.jsm.streams.update(stream.name, { subjects: [...stream.subjects] });
  });

  test("gives each durable's subject to the stream that it reads", () => {
    for (const durable of durables) {
      expect(streams.find(({ name }) => name === durable.stream)?.subjects).toContain(durable.subject);
    }
  });
});

test("servers that have not found one another yet are asked again, and what they refuse for good is not", () => {
  const answer = (code: number, errorCode: number, description: string): JetStreamApiError =>
    new JetStreamApiError({ code, err_code: errorCode, description });
  expect(isPassing(answer(503, 10_008, "JetStream system temporarily unavailable"))).toBe(true);
  expect(isPassing(answer(500, 10_074, "replicas > 1 not supported in non-clustered mode"))).toBe(false);
});

describe("the operator's command", () => {
  const command = fileURLToPath(new URL("../src/apply-topology.ts", import.meta.url));
  const run = (env: Record<string, string> = {}): PromiseWithChild<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, ["--conditions=@topdog/source", command], {
      env: { ...childEnv(), NATS_URL: nats.url, NATS_NKEY_SEED: nats.seedOf("operator"), ...env },
    });
  const expectApplied = async (stdout: string): Promise<void> => {
    expect(stdout).toContain("topology applied");
    // The test's own connection may be on its way back.
    await eventually(async () => {
      for (const { name } of streams) expect((await nats.bus.jsm.streams.info(name)).config.num_replicas).toBe(1);
    });
  };

  test("applies the topology to an empty server and ends", async () => {
    await nats.restartEmpty();
    await expectApplied((await run()).stdout);
  });

  test("waits for a server that comes later, or that is there and does not answer, and says so", async () => {
    await nats.kill9();
    const early = run();
    let said = "";
    early.child.stdout?.on("data", (text: string) => (said += text));
    await eventually(() => expect(said).toContain("waiting for the bus"));
    await nats.restart();
    await expectApplied((await early).stdout);
    nats.freeze(true);
    const late = run();
    await sleep(2_000);
    nats.freeze(false);
    await expectApplied((await late).stdout);
  });

  test("gives up in the time it was given, and says what is the matter", async () => {
    await nats.kill9();
    const startedMs = performance.now();
    await expect(run({ NATS_WAIT_MS: "500" })).rejects.toThrow(/no connection to the bus at nats:\S+ within 500 ms/);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    await nats.restart();
  });
});

test("a server older than 2.12 is refused", () => {
  for (const version of ["2.11.9", "2.9.10", "1.99.0", "nonsense"])
    expect(() => assertServerVersion(version)).toThrow("2.12 or newer");
  for (const version of ["2.12.0", "2.15.1", "3.0.0", "2.12.0-RC.1"]) assertServerVersion(version);
});
