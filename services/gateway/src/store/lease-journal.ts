import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { leaseReportSchema, type LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { z } from "zod";
import type { HeldLease } from "../domain/lease.ts";

/**
 * What this process has taken from leases of small limits, in a file that outlives it: the next process tells quota, so that no credit
 * window is burned. Written before a call goes out. It need not survive the machine: then windows are burned, as without it.
 */
export interface LeaseJournal {
  /** The numbers of a lease, before anybody else can know them; of one that is asked for, that quota may give one of `forDay`. */
  note(lease: HeldLease, forDay?: string): void;
  /** The lease has ended, and quota knows. */
  forget(lease: HeldLease): void;
  /** Every lease was given back: nobody needs to be told. */
  remove(): void;
}

export interface LeaseJournalOptions {
  /** Of this gateway alone. Made when absent. */
  readonly dir: string;
  readonly gatewayId: string;
  /** Of this start of the machine: files of another one may be older than what was done. */
  readonly bootId: string;
  /** The file cannot be written: windows are burned again, and calls go on. */
  readonly onFailure: (error: unknown) => void;
}

/** A crash of a gateway burns a window of it, and that of a larger one is less than a hundredth. */
const largestSmallLimit = 5_000;
const suffix = ".leases";
const recordBytes = 512;
const numberBytes = 8;

const headSchema = z.object({ gatewayId: z.string(), bootId: z.string(), pid: z.int() });

interface Place {
  readonly index: number;
  /** As it is written; null: asked for, undefined: nothing is. */
  leaseId: string | null | undefined;
  forDay: string | undefined;
}

export function openLeaseJournal({ dir, gatewayId, bootId, onFailure }: LeaseJournalOptions): LeaseJournal {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${gatewayId}${suffix}`);
  const fd = openSync(path, "wx", 0o600);
  const places = new Map<HeldLease, Place>();
  const free: number[] = [];
  const numbers = Buffer.alloc(numberBytes);
  let isOpen = true;
  let count = 1;

  function write(bytes: Buffer, at: number): void {
    if (!isOpen) return;
    try {
      writeSync(fd, bytes, 0, bytes.length, at);
    } catch (error) {
      // A record that is older than what was done would be believed: better none.
      onFailure(error);
      remove();
    }
  }

  function remove(): void {
    if (!isOpen) return;
    isOpen = false;
    closeSync(fd);
    rmSync(path, { force: true });
  }

  function recordOf(lease: HeldLease, forDay: string | undefined): Buffer {
    const record = Buffer.alloc(recordBytes);
    record.writeUInt32LE(lease.used, 0);
    record.writeUInt32LE(lease.returned, 4);
    const { owner, meter, leaseId } = lease;
    const [member, ceiling] = [lease.member ?? undefined, lease.ceiling ?? undefined];
    record.write(JSON.stringify({ owner, meter, member, leaseId, forDay, ceiling }), numberBytes, "utf8");
    return record;
  }

  write(Buffer.from(JSON.stringify({ gatewayId, bootId, pid: process.pid }).padEnd(recordBytes)), 0);

  function forget(lease: HeldLease): void {
    const place = places.get(lease);
    if (place === undefined) return;
    places.delete(lease);
    free.push(place.index);
    write(Buffer.alloc(recordBytes), place.index * recordBytes);
  }

  return {
    note(lease, day) {
      const { leaseId, limit, used, returned } = lease;
      const forDay = leaseId === null && day !== "" ? day : undefined;
      let place = places.get(lease);
      // One that is in it stays: numbers that are not kept up would be believed. When it was asked for, its limit was not known.
      if (limit > largestSmallLimit && typeof place?.leaseId !== "string") return forget(lease);
      if (place === undefined) {
        place = { index: free.pop() ?? count++, leaseId: undefined, forDay };
        places.set(lease, place);
      }
      if (place.leaseId !== leaseId || place.forDay !== forDay) {
        Object.assign(place, { leaseId, forDay });
        return write(recordOf(lease, forDay), place.index * recordBytes);
      }
      numbers.writeUInt32LE(used, 0);
      numbers.writeUInt32LE(returned, 4);
      write(numbers, place.index * recordBytes);
    },
    forget,
    remove,
  };
}

/** Differs after each start of the machine. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `up since ${Math.round((Date.now() / 1_000 - uptime()) / 60)}`;
  }
}

/** The journal of this process, and what those before it left; neither without a folder. */
export function openJournals(
  dir: string | undefined,
  gatewayId: string,
  onFailure: (error: unknown) => void,
): { readonly journal: LeaseJournal | null; readonly lastWords: readonly LastWords[] } {
  if (dir === undefined) return { journal: null, lastWords: [] };
  const boot = bootId();
  const lastWords = readLastWords(dir, boot);
  return { journal: openLeaseJournal({ dir, gatewayId, bootId: boot, onFailure }), lastWords };
}

/** The last words of a process that is gone. */
export interface LastWords {
  readonly path: string;
  readonly gatewayId: string;
  /** Without a lease id: it had asked for a lease, and does not know of one. */
  readonly reports: readonly LeaseReport[];
}

/** The file of a process that has our own id is of one before us. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What earlier processes left in the folder. A file that cannot be relied on is removed: its windows stay burned. */
export function readLastWords(dir: string, bootId: string): LastWords[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const names = readdirSync(dir).filter((name) => name.endsWith(suffix));
  return names.flatMap((name) => {
    const path = join(dir, name);
    const bytes = readFileSync(path);
    const head = headSchema.safeParse(parseJson(bytes.subarray(0, recordBytes).toString("utf8").trim()));
    if (!head.success || head.data.bootId !== bootId) {
      rmSync(path, { force: true });
      return [];
    }
    if (isAlive(head.data.pid)) return [];
    return [{ path, gatewayId: head.data.gatewayId, reports: reportsIn(bytes) }];
  });
}

function reportsIn(bytes: Buffer): LeaseReport[] {
  const reports: LeaseReport[] = [];
  for (let at = recordBytes; at + recordBytes <= bytes.length; at += recordBytes) {
    const text = bytes.subarray(at + numberBytes, at + recordBytes).toString("utf8");
    const end = text.indexOf("\0");
    const named = parseJson(end < 0 ? text : text.slice(0, end));
    if (typeof named !== "object" || named === null) continue;
    const isAsked = "leaseId" in named && named.leaseId === null;
    const numbers = { used: bytes.readUInt32LE(at), returned: bytes.readUInt32LE(at + 4), want: 0, close: !isAsked };
    const report = leaseReportSchema.safeParse({ ...named, ...numbers });
    if (report.success) reports.push(report.data);
  }
  return reports;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** They were told. */
export const forgetLastWords = ({ path }: Pick<LastWords, "path">): void => rmSync(path, { force: true });
