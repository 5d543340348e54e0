import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { eventually } from "@topdog/testing/eventually";
import { testNats, type TestNats } from "@topdog/testing/nats";
import type { Bus } from "../src/connect.ts";
import { publishEvent } from "../src/publish.ts";
import { snapshot } from "./setting.ts";

let nats: TestNats;
let billing: Bus;
beforeAll(async () => {
  nats = await testNats();
  billing = await nats.busOf("billing");
});
afterAll(() => nats.stop());

const stored = async (): Promise<number> => (await nats.bus.jsm.streams.info("TOPDOG_STATE")).state.messages;

describe("publishEvent", () => {
  test("stores an id once, and says when it was a duplicate", async () => {
    const publish = (id: string) => publishEvent(billing, subscriptionUpdated, snapshot(1), { id });
    await publish("one");
    expect(await publish("one")).toEqual({ duplicate: true });
    expect(await stored()).toBe(1);
    let ids = 0;
    // One that the bus is slow to answer is published again, and is then its own duplicate.
    await eventually(async () => expect(await publish(`new-${(ids += 1)}`)).toEqual({ duplicate: false }));
  });

  test("carries the CloudEvents attributes and the trace context as headers, and the bare payload as body", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await publishEvent(billing, subscriptionUpdated, snapshot(2), { id: "two", traceparent });
    const message = await nats.bus.jsm.streams.getMessage("TOPDOG_STATE", {
      last_by_subj: subscriptionUpdated.subject,
    });
    const names = ["Nats-Msg-Id", "ce-id", "ce-type", "ce-source", "ce-specversion", "content-type", "traceparent"];
    expect(names.map((name) => message?.header.get(name))).toEqual([
      "two",
      "two",
      subscriptionUpdated.subject,
      "/topdog/billing",
      "1.0",
      "application/json",
      traceparent,
    ]);
    expect(message?.json()).toEqual(snapshot(2));
  });

  test("refuses a payload that breaks its schema before anything is sent", async () => {
    const before = await stored();
    await expect(publishEvent(billing, subscriptionUpdated, snapshot(0), { id: "bad" })).rejects.toThrow("version");
    expect(await stored()).toBe(before);
  });

  test("outlasts a killed server, and stores each id once", async () => {
    const before = await stored();
    const publishing = Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await sleep(index * 2);
        await publishEvent(billing, subscriptionUpdated, snapshot(index + 1), {
          id: `kill-${index}`,
          timeoutMs: 10_000,
        });
      }),
    );
    await sleep(100);
    await nats.kill9();
    await nats.restart();
    await publishing;
    expect((await stored()) - before).toBe(200);
  });

  test("throws temporary_reduced_capacity at its deadline while the bus is away", async () => {
    await nats.kill9();
    const work = publishEvent(billing, subscriptionUpdated, snapshot(1), { id: "late", timeoutMs: 300 });
    await expect(work).rejects.toMatchObject({ code: "temporary_reduced_capacity" });
    await nats.restart();
  });
});
