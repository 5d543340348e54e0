import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { eventually } from "@topdog/testing/eventually";
import { silentLogger } from "@topdog/testing/logger";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { type Bus, connectBus } from "../src/connect.ts";
import { publishEvent } from "../src/publish.ts";
import { durable, effectConsumer, effects, migrations, snapshot, upTo } from "./setting.ts";

const folder = mkdtempSync(join(tmpdir(), "pod-labels-"));
const podLabelsFile = join(folder, "labels");
let nats: TestNats;
let billing: Bus;
let pod: Bus;
let scratch: TestDatabase;

/** As the cluster replaces the file. */
function label(role: string | null): void {
  const lines = ['app.kubernetes.io/name="quota"', ...(role === null ? [] : [`topdog.dev/role="${role}"`])];
  writeFileSync(`${podLabelsFile}.new`, lines.join("\n"));
  renameSync(`${podLabelsFile}.new`, podLabelsFile);
}
const isKnown = (share: string): Promise<void> => eventually(() => expect(pod.share.current()).toBe(share));
const publish = async (versions: readonly number[]): Promise<void> => {
  for (const version of versions)
    await publishEvent(billing, subscriptionUpdated, snapshot(version), { id: `event-${version}` });
};
const state = () => nats.bus.jsm.consumers.info(durable.stream, durable.name);

beforeAll(async () => {
  nats = await testNats();
  billing = await nats.busOf("billing");
  scratch = await testDatabase({ migrations });
  label("preview");
  pod = await connectBus({
    url: nats.url,
    seed: nats.seedOf("quota"),
    name: "quota",
    logger: silentLogger(),
    podLabelsFile,
  });
});
afterAll(async () => {
  await pod.close();
  await scratch.drop();
  await nats.stop();
  rmSync(folder, { recursive: true });
});

test("a preview takes nothing, the active pod all, a canary two at a time, and what was replaced nothing any more", async () => {
  let release: (() => void) | undefined;
  const gate = { wait: Promise.resolve() };
  const consumer = effectConsumer(pod, scratch, {
    handle: async (trx, { owner, version }) => {
      await gate.wait;
      await trx("effect").insert({ owner, version });
    },
  });
  consumer.start();
  try {
    await publish(upTo(5));
    await eventually(async () => expect((await state()).num_pending).toBe(5));
    expect((await state()).num_waiting).toBe(0);

    label("active");
    await eventually(async () => expect(await effects(scratch)).toEqual(upTo(5)));

    label("canary");
    await isKnown("sip");
    // The bus has heard, too, that the large pull has ended: what it sends to that comes again only after the wait for its ack.
    await pod.nc.flush();
    gate.wait = new Promise((resolve) => (release = resolve));
    await publish([6, 7, 8, 9, 10, 11, 12]);
    await eventually(async () => expect((await state()).num_ack_pending).toBeGreaterThan(0));
    await eventually(async () => expect((await state()).num_pending).toBeLessThan(7));
    // One in its handler, the next that came with it, and one more pull.
    expect((await state()).num_ack_pending).toBeLessThanOrEqual(4);
    release?.();
    await eventually(async () => expect(await effects(scratch)).toEqual(upTo(12)));

    label(null);
    await isKnown("none");
    await eventually(async () => expect((await state()).num_waiting).toBe(0));
    await publish([13]);
    await eventually(async () => expect((await state()).num_pending).toBe(1));
    expect(await effects(scratch)).toEqual(upTo(12));
  } finally {
    release?.();
    await consumer.stop();
  }
});
