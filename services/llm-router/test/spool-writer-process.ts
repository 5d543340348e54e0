/** A process that a test kills: finishes calls for ever and prints, after each durable step, what must survive. */
import { openDurableSpool } from "../src/store/spool/durable-spool.ts";
import { intentOf, usageOf } from "./usage-samples.ts";

const [, , folder = "", from = "1"] = process.argv;
const spool = await openDurableSpool({
  folder,
  maxBytes: 64 * 1024 * 1024,
  segmentBytes: 64 * 1024,
  gatherMs: 1000,
  maxBatchBytes: () => 512 * 1024,
  nowMs: Date.now,
  publish: () => Promise.reject(new Error("the bus is away")),
  isHopeless: () => false,
  onSync: () => undefined,
  onShipped: () => undefined,
  onQuarantined: () => undefined,
  keepShippedMs: 0,
  keepShippedBytes: 0,
  onRecorded: () => undefined,
  onFailure: () => undefined,
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function runCall(seq: number): Promise<void> {
  const call = spool.begin(intentOf(seq));
  if (call === null) throw new Error("refused");
  say(`intent ${seq}`);
  await call.durable();
  call.markBegun();
  say(`begun ${seq}`);
  await new Promise((resolve) => setTimeout(resolve, seq % 7));
  await call.finish(usageOf(seq));
  say(`final ${seq}`);
}

for (let seq = Number(from); ; seq += 20) {
  await Promise.all(Array.from({ length: 20 }, (_, i) => runCall(seq + i)));
}
