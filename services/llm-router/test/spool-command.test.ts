import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { childEnv } from "@topdog/testing/child-env";
import { eventually } from "@topdog/testing/eventually";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { type SpoolRig, spoolRig } from "./spool-rig.ts";
import { usageOf } from "./usage-samples.ts";

let nats: TestNats;
let rig: SpoolRig;
beforeAll(async () => {
  nats = await testNats();
  rig = spoolRig();
});
afterAll(async () => {
  rig.remove();
  await nats.stop();
});

const run = (...args: string[]): Promise<{ code: number; out: string; error: string }> =>
  new Promise((resolve) => {
    const entry = join(import.meta.dirname, "../src/commands/spool.ts");
    const env = { ...childEnv(), NATS_URL: nats.url, NATS_NKEY_SEED: nats.seedOf("operator") };
    execFile(
      process.execPath,
      [entry, "--as", "operator", "--dir", rig.folder, ...args],
      { env },
      (failure, out, error) => resolve({ code: failure === null ? 0 : Number(failure.code ?? 1), out, error }),
    );
  });

/** The records of every batch that the stream holds, and who said them. */
async function stored(): Promise<{ source: string; requestId: string; endpoint: string }[]> {
  const found: { source: string; requestId: string; endpoint: string }[] = [];
  for (let seq = 1; ; seq += 1) {
    const message = await nats.bus.jsm.direct.getMessage("TOPDOG_USAGE", { seq, next_by_subj: usageConsumed.subject });
    if (message === null) return found;
    const batch = message.json<{ source: string; data: UsageConsumed }[]>();
    found.push(...batch.map(({ source, data }) => ({ source, requestId: data.requestId, endpoint: data.endpoint })));
    seq = message.seq;
  }
}

test("a quarantined record is shown, refused until it fits, sent as the router's when mended; what was shipped can be sent again", async () => {
  rig.busIsUp = false;
  const first = await rig.open();
  await first.record(usageOf(1));
  await first.record({ ...usageOf(2), endpoint: "NOT AN ENDPOINT" });
  await first.stop(0);
  rig.busIsUp = true;
  await (await rig.open()).stop(60_000);

  const listed = await run("list");
  expect(listed.out).toMatch(/^req_2 .*endpoint: /);
  const unmended = await run("resend", "req_2");
  expect([unmended.code, unmended.error]).toEqual([2, expect.stringContaining("req_2 does not fit yet: endpoint:")]);
  expect(await stored()).toEqual([]);
  expect(await run("resend", "req_2", "--set", 'endpoint="chat.completions"')).toMatchObject({
    code: 0,
    out: "sent: 1:2\n",
  });
  const mended = { source: "/topdog/llm-router", requestId: "req_2", endpoint: "chat.completions" };
  expect(await stored()).toEqual([mended]);
  expect((await run("list")).out).toBe("nothing is in the quarantine\n");

  expect((await run("reship", "--since", new Date(Date.now() + 60_000).toISOString())).out).toMatch(/^sent again: 0 /);
  expect((await run("reship")).out).toMatch(/^sent again: 1 records, passed over: 1;/);
  expect((await stored()).map(({ requestId }) => requestId)).toEqual(["req_2", "req_1"]);
});

test("what a running router has shipped lately can be sent again while it runs", async () => {
  const running = spoolRig();
  const spool = await running.open();
  await spool.record(usageOf(3));
  await eventually(() => expect(running.published).toHaveLength(1));
  expect((await run("--dir", running.folder, "reship")).out).toMatch(/^sent again: 1 records, passed over: 0;/);
  expect((await stored()).at(-1)).toMatchObject({ source: "/topdog/llm-router", requestId: "req_3" });
  await spool.stop(60_000);
  expect((await run("--dir", running.folder, "reship")).out).toMatch(/^sent again: 1 records/);
  running.remove();
});
