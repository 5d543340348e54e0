import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { percentile } from "./statistics.ts";

const syncFile = promisify(fdatasync);
const samples = 50;
const recordBytes = 600;

/** What one durable record costs on this disk: a plain answer waits for one of them (its final), a stream for two (its intent, then its final). */
export async function measureSync(): Promise<{ p50Ms: number; p99Ms: number }> {
  const folder = mkdtempSync(join(tmpdir(), "topdog-sync-"));
  const file = openSync(join(folder, "records"), "w");
  const durationsMs: number[] = [];
  try {
    for (let sample = 0; sample < samples; sample += 1) {
      writeSync(file, Buffer.alloc(recordBytes));
      const startedMs = performance.now();
      await syncFile(file);
      durationsMs.push(performance.now() - startedMs);
    }
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
  const ascending = durationsMs.toSorted((a, b) => a - b);
  return { p50Ms: percentile(ascending, 50), p99Ms: percentile(ascending, 99) };
}
