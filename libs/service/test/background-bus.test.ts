import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { BackgroundBus } from "@topdog/service/background-bus";
import { defineService } from "@topdog/service/define";
import { busFields, processFields } from "@topdog/service/fields";
import { eventually } from "@topdog/testing/eventually";
import { type TestNats, testNats } from "@topdog/testing/nats";
import { busEnv, startTestService } from "@topdog/testing/service";
import { z } from "zod";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.stop());

const held: { bus: BackgroundBus | null } = { bus: null };
const patient = defineService({
  name: "llm-router",
  needs: { bus: "background" },
  config: z.object({ ...processFields("llm-router"), ...busFields }),
  deps: {},
  build: ({ bus }) => {
    held.bus = bus;
    return {};
  },
});

test("a service that needs the bus in the background is ready without it, connects when it comes, and stops either way", async () => {
  await nats.kill9();
  const start = () => startTestService(patient, { env: busEnv(nats, "llm-router") });
  const [early, stopped] = await Promise.all([start(), start()]);
  const ready = () => fetch(`${early.opsUrl}/readyz`, { headers: { connection: "close" } });
  await eventually(async () => expect((await ready()).status).toBe(200));
  await stopped.stop();
  await nats.restart();
  const again = await start();
  const bus = await held.bus?.whenConnected();
  expect(bus?.isConnected()).toBe(true);
  await eventually(() => expect(held.bus?.now()).toBe(bus));
  await Promise.all([early.stop(), again.stop()]);
  expect(bus?.isConnected()).toBe(false);
});
