import { writeSync } from "node:fs";

/** Takes text of whole lines. */
export interface LineSink {
  write(text: string): void;
  /** Lines that could not be written, since the start. */
  lost(): number;
}

export type WriteBytes = (bytes: Buffer, offset: number) => number;

/** A reader that is slow for longer than this loses lines: a process does not stand still for its log. */
const maxWaitMs = 500;
const waitMs = 10;
const lineFeed = 10;
const waiting = new Int32Array(new SharedArrayBuffer(4));

function countLines(bytes: Buffer, from: number): number {
  let lines = 0;
  for (let index = from; index < bytes.length; index += 1) if (bytes[index] === lineFeed) lines += 1;
  return lines;
}

const isFull = (error: unknown): boolean => ["EAGAIN", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * Writes before it returns. What cannot be written, as on a full disk, is lost and counted, and never thrown: a process that cannot
 * log goes on serving. When writing works again a line says how many are missing.
 */
export function createLineSink(write: WriteBytes): LineSink {
  let lost = 0;
  let untold = 0;
  /** A line was cut in its middle. */
  let isTorn = false;

  /** Returns whether all of it is written. The first `noteBytes` are no line of anybody's. */
  function writeAll(bytes: Buffer, noteBytes: number): boolean {
    let written = 0;
    let waitedMs = 0;
    while (written < bytes.length) {
      try {
        written += write(bytes, written);
      } catch (error) {
        if (isFull(error) && waitedMs < maxWaitMs) {
          Atomics.wait(waiting, 0, 0, waitMs);
          waitedMs += waitMs;
          continue;
        }
        isTorn ||= written > 0;
        const lines = countLines(bytes, Math.max(written, noteBytes));
        lost += lines;
        untold += lines;
        return false;
      }
    }
    return true;
  }

  return {
    write(text) {
      if (untold === 0) return void writeAll(Buffer.from(text), 0);
      const note = {
        level: "warn",
        time: new Date().toISOString(),
        lines: untold,
        msg: "lines before could not be written",
      };
      const told = untold;
      const head = `${isTorn ? "\n" : ""}${JSON.stringify(note)}\n`;
      if (!writeAll(Buffer.from(head + text), Buffer.byteLength(head))) return;
      isTorn = false;
      untold -= told;
    },
    lost: () => lost,
  };
}

export const sinkOf = (fd: number): LineSink =>
  createLineSink((bytes, offset) => writeSync(fd, bytes, offset, bytes.length - offset));
