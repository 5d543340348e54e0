import { fchmodSync, ftruncateSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { privateFileMode } from "./private-folder.ts";

/** One append-only file of the spool, and what still depends on it. */
export interface Segment {
  readonly index: number;
  readonly path: string;
  readonly fd: number;
  /** Bytes of whole frames written. */
  bytes: number;
  /** Bytes known to be on disk: only these are shipped. */
  durableBytes: number;
  /** Of an earlier process, which may have been of another release. */
  inherited: boolean;
  /** No more is appended. */
  sealed: boolean;
  /** An fdatasync failed: bytes after `durableBytes` are lost for this process. */
  failed: boolean;
  /** Calls whose intent is here and that are not over. */
  openCalls: number;
  /** Finals here that the bus has not acknowledged. */
  unshipped: number;
  /** Bytes that the shipper has read. */
  readBytes: number;
}

const suffix = ".segment";
export const segmentPath = (folder: string, index: number): string =>
  join(folder, `${String(index).padStart(10, "0")}${suffix}`);

export function listSegments(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => Number(name.slice(0, -suffix.length)))
    .toSorted((a, b) => a - b);
}

/** Opens the file, made when absent, for this user alone. Throws the system's error when it cannot be made. */
export function createSegment(folder: string, index: number): Segment {
  const path = segmentPath(folder, index);
  const fd = openSync(path, "a+", privateFileMode);
  fchmodSync(fd, privateFileMode);
  return {
    index,
    path,
    fd,
    bytes: 0,
    durableBytes: 0,
    inherited: false,
    sealed: false,
    failed: false,
    openCalls: 0,
    unshipped: 0,
    readBytes: 0,
  };
}

/** All or nothing: after a failed or partial write the file ends where it ended before. Throws the system's error. */
export function appendTo(segment: Segment, frame: Buffer): void {
  let written = 0;
  try {
    while (written < frame.length) written += writeSync(segment.fd, frame, written);
    segment.bytes += frame.length;
  } catch (error) {
    if (written > 0) ftruncateSync(segment.fd, segment.bytes);
    throw error;
  }
}

/** All that was shipped, and no fdatasync that still needs the file. */
const isRead = ({ readBytes, durableBytes, bytes, failed }: Segment): boolean =>
  readBytes === durableBytes && (failed || durableBytes === bytes);

export const isShipped = (segment: Segment): boolean => segment.sealed && segment.unshipped === 0 && isRead(segment);
