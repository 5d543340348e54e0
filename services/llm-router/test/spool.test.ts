import { spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { eventually } from "@topdog/testing/eventually";
import { listQuarantine } from "../src/store/spool/quarantine.ts";
import { segmentPath } from "../src/store/spool/segment.ts";
import { type SpoolRig, spoolRig } from "./spool-rig.ts";
import { intentOf, usageOf } from "./usage-samples.ts";

/** A stop ends when all is shipped; the bound only ends a test that fails. */
const graceMs = 60_000;

let rig: SpoolRig;
beforeEach(() => {
  rig = spoolRig();
});
afterEach(() => rig.remove());

const segmentsIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".segment"));
const publishedIds = (): string[] => rig.published.map(usageIdOf);
const activeTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
const outcomesById = (): Map<string, string> =>
  new Map(rig.published.map((usage) => [usageIdOf(usage), usage.outcome]));

describe("the life of a call", () => {
  test("a final is published once, and a clean stop leaves nothing to ship again", async () => {
    const spool = await rig.open();
    const call = spool.begin(intentOf(1))!;
    await call.durable();
    call.markBegun();
    await call.finish(usageOf(1));
    expect(await spool.record(usageOf(2, "rejected"))).toBe(true);
    await spool.stop(graceMs);
    expect(publishedIds().toSorted()).toEqual(["1:1", "1:2"]);
    expect(segmentsIn(rig.folder)).toEqual([]);
  });

  test("a stream's intent goes to the disk at once, so that its first byte waits neither for that nor for later records", async () => {
    let syncs = 0;
    const spool = await rig.open({ onSync: () => (syncs += 1) });
    const before = syncs;
    const call = spool.begin(intentOf(1))!;
    await eventually(() => expect(syncs).toBe(before + 1));
    const other = spool.begin({ ...intentOf(2), streamed: false })!;
    await call.durable();
    expect(syncs).toBe(before + 1);
    await Promise.all([call.finish(usageOf(1)), other.finish(usageOf(2))]);
    await spool.stop(1000);
  });

  test("what the bus did not take is shipped by the next process", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    for (let seq = 1; seq <= 300; seq++) await first.begin(intentOf(seq))!.finish(usageOf(seq));
    await first.stop(10);
    expect(rig.published).toEqual([]);

    rig.busIsUp = true;
    const second = await rig.open();
    await eventually(() => expect(new Set(publishedIds()).size).toBe(300));
    await second.stop(graceMs);
  });

  test("a bus that comes back gets everything, and old segments go", async () => {
    rig.busIsUp = false;
    const spool = await rig.open();
    for (let seq = 1; seq <= 500; seq++) await spool.begin(intentOf(seq))!.finish(usageOf(seq));
    expect(spool.stats().segments).toBeGreaterThan(3);
    rig.busIsUp = true;
    await eventually(() => expect(new Set(publishedIds()).size).toBe(500));
    await eventually(() => expect(spool.stats().segments).toBe(1));
    await spool.stop(graceMs);
  });
});

describe("a process that died", () => {
  test("its open calls are settled as interrupted: refunded when nothing had gone out, charged when something had", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    const silent = first.begin(intentOf(1))!;
    await silent.durable();
    const begun = first.begin(intentOf(2))!;
    await begun.durable();
    begun.markBegun();
    await first.stop(0);

    rig.busIsUp = true;
    const second = await rig.open();
    expect(second.recovered.interruptedCalls).toBe(2);
    await eventually(() => expect(rig.published).toHaveLength(2));
    const byId = new Map(rig.published.map((usage) => [usageIdOf(usage), usage]));
    expect(byId.get("1:1")).toMatchObject({ outcome: "interrupted", refund: true, estimated: true });
    expect(byId.get("1:2")).toMatchObject({ outcome: "interrupted", refund: false, promptTokens: 12 });
    await second.stop(graceMs);
  });

  test("a tail torn at any byte loses that record alone", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    await first.begin(intentOf(1))!.finish(usageOf(1));
    await first.begin(intentOf(2))!.finish(usageOf(2));
    await first.stop(0);
    const whole = readFileSync(segmentPath(rig.folder, 1));
    const lastStart = lastFrameStart(whole);

    rig.busIsUp = true;
    for (let cut = lastStart; cut < whole.length; cut += cut < lastStart + 12 ? 1 : 37) {
      const torn = spoolRig();
      writeFileSync(segmentPath(torn.folder, 1), whole.subarray(0, cut));
      const spool = await torn.open();
      expect(spool.recovered).toEqual({ interruptedCalls: 1, tornBytes: cut - lastStart });
      await spool.stop(graceMs);
      const outcomes = torn.published.map((usage) => `${usageIdOf(usage)} ${usage.outcome}`);
      expect(outcomes.toSorted()).toEqual(["1:1 ok", "1:2 interrupted"]);
      torn.remove();
    }
  });

  test("a record with a flipped bit, and everything behind it in that file, is not believed", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    await first.begin(intentOf(1))!.finish(usageOf(1));
    await first.stop(0);
    const path = segmentPath(rig.folder, 1);
    const bytes = readFileSync(path);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(path, bytes);
    rig.busIsUp = true;
    const second = await rig.open();
    await second.stop(graceMs);
    expect(rig.published.map(({ outcome }) => outcome)).toEqual(["interrupted"]);
  });

  test("garbage behind a torn tail is never appended to", async () => {
    appendFileSync(segmentPath(rig.folder, 7), Buffer.from([1, 2, 3]));
    const spool = await rig.open();
    await spool.begin(intentOf(1))!.finish(usageOf(1));
    await spool.stop(graceMs);
    expect(publishedIds()).toEqual(["1:1"]);
  });

  test("killed -9 at any moment, it has lost nothing that was reported as durable", async () => {
    let from = 1;
    const said = new Map<number, string>();
    for (let round = 0; round < 4; round++) {
      const lines = await writeUntilKilled(rig.folder, from, 400 + round * 67);
      for (const line of lines) {
        const [step, seq] = line.split(" ");
        said.set(Number(seq), step!);
      }
      from = Math.max(0, ...said.keys()) + 1000;
    }
    const spool = await rig.open({ maxBytes: 256 * 1024 * 1024 });
    await eventually(() => expect(new Set(publishedIds()).size).toBeGreaterThanOrEqual(said.size));
    await spool.stop(graceMs);
    const outcomes = outcomesById();
    const steps = [...said].map(([seq, step]) => ({ seq, step, outcome: outcomes.get(`1:${seq}`) }));
    expect(steps.filter(({ step, outcome }) => step === "final" && outcome !== "ok")).toEqual([]);
    expect(steps.filter(({ outcome }) => outcome === undefined)).toEqual([]);
    const refunded = new Set(rig.published.filter(({ refund }) => refund).map(usageIdOf));
    expect(steps.filter(({ seq, step }) => step === "begun" && refunded.has(`1:${seq}`))).toEqual([]);
    expect(steps.filter(({ step }) => step === "final").length).toBeGreaterThan(100);
  });
});

describe("bounds", () => {
  test("beyond its size new calls are refused, running ones finish, and room comes back with the bus", async () => {
    rig.busIsUp = false;
    const spool = await rig.open({ maxBytes: 200 * 1024 });
    const running = spool.begin(intentOf(1))!;
    let seq = 2;
    for (let call = spool.begin(intentOf(seq)); call !== null; call = spool.begin(intentOf(++seq))) {
      await call.finish(usageOf(seq));
    }
    expect(await spool.record(usageOf(9_999))).toBe(false);
    await running.finish(usageOf(1));
    rig.busIsUp = true;
    await eventually(() => expect(spool.begin(intentOf(50_000))).not.toBeNull());
    await spool.stop(graceMs);
  });

  test("one endless call does not keep the spool from being emptied", async () => {
    const spool = await rig.open({ maxBytes: 400 * 1024 });
    const endless = spool.begin(intentOf(1))!;
    await endless.durable();
    endless.markBegun();
    for (let seq = 2; seq <= 1500; seq++) {
      const call = await eventually(() => {
        const begun = spool.begin(intentOf(seq));
        expect(begun).not.toBeNull();
        return begun!;
      });
      await call.finish(usageOf(seq));
    }
    await spool.stop(graceMs);
    rig.published.length = 0;
    const next = await rig.open();
    await next.stop(graceMs);
    const settled = rig.published.filter((usage) => usageIdOf(usage) === "1:1");
    expect(settled).toMatchObject([{ outcome: "interrupted", refund: false }]);
  });

  test("a full disk refuses new calls before they are dispatched, and reports running ones as not durable", async () => {
    const failures: unknown[] = [];
    const spool = await rig.open({ segmentBytes: 1000, onFailure: (error) => failures.push(error) });
    const running = spool.begin(intentOf(1))!;
    // The next segment is a device that is always full.
    symlinkSync("/dev/full", segmentPath(rig.folder, 2));
    await spool.begin(intentOf(2))!.finish(usageOf(2));
    await expect(running.finish(usageOf(1))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(spool.begin(intentOf(3))).toBeNull();
    expect(spool.stats().healthy).toBe(false);
    expect(failures.length).toBeGreaterThan(0);

    await eventually(() => expect(spool.stats().healthy).toBe(true));
    await eventually(() => expect(spool.stats().openCalls).toBe(0));
    await spool.begin(intentOf(4))!.finish(usageOf(4));
    await spool.stop(graceMs);
    expect(outcomesById()).toEqual(
      new Map([
        ["1:1", "failed"],
        ["1:2", "ok"],
        ["1:4", "ok"],
      ]),
    );
  });

  test("a record that is too large for any message does not hold up the others", async () => {
    const unfit: string[] = [];
    const spool = await rig.open({
      maxBatchBytes: () => 2000,
      publish: async ({ events }) => {
        if (events.some(({ json }) => json.length > 2000)) throw new RangeError("too large");
        rig.published.push(...events.map(({ json }) => JSON.parse(json) as UsageConsumed));
      },
      isHopeless: (error) => error instanceof RangeError,
      onQuarantined: (id) => unfit.push(id),
    });
    await spool.record({ ...usageOf(1), model: "m".repeat(3000) });
    await spool.record(usageOf(2));
    await spool.stop(graceMs);
    expect({ unfit, published: publishedIds() }).toEqual({ unfit: ["1:1"], published: ["1:2"] });
    expect(listQuarantine(rig.folder)).toMatchObject([{ name: "1_1", reason: "too large" }]);
  });
});

describe("batches", () => {
  test("a lone record waits no longer than its time, and no timer is left when all is shipped", async () => {
    const spool = await rig.open({ gatherMs: 2_000 });
    const timersBefore = activeTimers();
    await spool.record(usageOf(1));
    expect(activeTimers()).toBe(timersBefore + 1);
    await eventually(() => expect(publishedIds()).toEqual(["1:1"]));
    await eventually(() => expect(activeTimers()).toBe(timersBefore));
    await spool.stop(graceMs);
  });

  test("records that come together travel together, and enough of them do not wait", async () => {
    const spool = await rig.open({ gatherMs: 60_000, segmentBytes: 1024 * 1024 });
    const seqs = Array.from({ length: 400 }, (_, index) => index + 1);
    await Promise.all(seqs.map((seq) => spool.record(usageOf(seq))));
    await eventually(() => expect(rig.published.length).toBeGreaterThan(200));
    await spool.stop(graceMs);
    expect(publishedIds()).toEqual(seqs.map((seq) => `1:${seq}`));
    expect(rig.batches.length).toBeLessThanOrEqual(4);
  });

  test("a batch has the same id and the same records on every retry, and no id ever means two batches", async () => {
    const attempts: { id: string; ids: string[] }[] = [];
    const open = (failures: number) =>
      rig.open({
        maxBatchBytes: () => 4000,
        publish: async ({ id, events }) => {
          attempts.push({ id, ids: events.map((event) => event.id) });
          if (attempts.length % (failures + 1) !== 0) throw new Error("the ack was lost");
        },
      });
    const first = await open(2);
    await Promise.all([1, 2, 3, 4, 5, 6, 7].map((seq) => first.record(usageOf(seq))));
    await first.stop(graceMs);
    const second = await open(0);
    await second.record(usageOf(8));
    await second.stop(graceMs);
    const contents = new Map<string, Set<string>>();
    for (const { id, ids } of attempts) contents.set(id, (contents.get(id) ?? new Set()).add(ids.join(" ")));
    expect([...contents.values()].every((one) => one.size === 1)).toBe(true);
    expect(contents.size).toBeLessThan(attempts.length);
    expect(new Set(attempts.flatMap(({ ids }) => ids)).size).toBe(8);
  });

  test("what an earlier process left is checked: a record that does not fit the schema is put into the quarantine, alone and whole", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    await first.record(usageOf(1));
    await first.record({ ...usageOf(2), endpoint: "NOT AN ENDPOINT" });
    await first.record(usageOf(3));
    await first.stop(0);
    rig.busIsUp = true;
    const unfit: string[] = [];
    const second = await rig.open({ onQuarantined: (id) => unfit.push(id) });
    await second.stop(graceMs);
    expect({ unfit, published: publishedIds() }).toEqual({ unfit: ["req_2"], published: ["1:1", "1:3"] });
    expect(segmentsIn(rig.folder)).toEqual([]);
    const [kept] = listQuarantine(rig.folder);
    expect(kept).toMatchObject({ name: "req_2", record: { ...usageOf(2), endpoint: "NOT AN ENDPOINT" } });
    expect(kept?.reason).toContain("endpoint");
  });

  test("a quarantine that cannot be written keeps the record in the spool", async () => {
    rig.busIsUp = false;
    const first = await rig.open();
    await first.record({ ...usageOf(1), endpoint: "NOT AN ENDPOINT" });
    await first.stop(0);
    rig.busIsUp = true;
    const inTheWay = join(rig.folder, "quarantine");
    writeFileSync(inTheWay, "");
    const failures: unknown[] = [];
    const second = await rig.open({ onFailure: (error) => failures.push(error) });
    await eventually(() => expect(failures.length).toBeGreaterThan(0));
    // It cannot ship all: a grace would be waited for to its end.
    await second.stop(0);
    expect(segmentsIn(rig.folder)).toContain("0000000001.segment");
    rmSync(inTheWay);
    await (await rig.open()).stop(graceMs);
    expect(listQuarantine(rig.folder)).toHaveLength(1);
    expect(segmentsIn(rig.folder)).toEqual([]);
  });
});

describe("ownership", () => {
  test("a folder has one owner; a dead one's is free at once", async () => {
    const first = await rig.open();
    await expect(rig.open()).rejects.toThrow("another process owns");
    await first.stop(0);
    await writeUntilKilled(rig.folder, 1, 1);
    const heir = await rig.open();
    await heir.stop(0);
  });

  test("of several that start at once exactly one becomes the owner", async () => {
    await writeUntilKilled(rig.folder, 1, 1);
    const attempts = await Promise.allSettled([rig.open(), rig.open(), rig.open()]);
    const owners = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    await Promise.all(owners.map((owner) => owner.stop(0)));
    expect(owners).toHaveLength(1);
  });
});

/** Where the last whole frame of a segment begins. */
function lastFrameStart(bytes: Buffer): number {
  let start = 0;
  for (let next = 0; next < bytes.length; next = start + 9 + bytes.readUInt32LE(start)) start = next;
  return start;
}

/** Runs a writer on the folder, kills it -9 when it has said so many lines, and returns what it had said. */
async function writeUntilKilled(folder: string, from: number, lines: number): Promise<string[]> {
  const writer = spawn(
    process.execPath,
    [
      "--conditions=@topdog/source",
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL("./spool-writer-process.ts", import.meta.url)),
      folder,
      String(from),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  let said = 0;
  const exited = new Promise((resolve) => writer.once("close", resolve));
  const saidEnough = new Promise<void>((resolve) => {
    writer.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      said += chunk.toString().split("\n").length - 1;
      if (said >= lines) resolve();
    });
  });
  await Promise.race([saidEnough, exited]);
  writer.kill("SIGKILL");
  await exited;
  // The last line may be cut by the kill.
  return text.slice(0, text.lastIndexOf("\n")).split("\n").filter(Boolean);
}
