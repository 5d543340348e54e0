import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { privateFileMode } from "./private-folder.ts";

/** A usage record that cannot be published as it is. */
export interface QuarantinedRecord {
  /** Of the file in the quarantine, which an operator may mend. */
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
  /** As it stood in the spool: JSON, or a text that is none. */
  readonly record: unknown;
}

const folderOf = (spoolFolder: string): string => join(spoolFolder, "quarantine");
const suffix = ".json";

function asJson(record: string): unknown {
  try {
    return JSON.parse(record) as unknown;
  } catch {
    return record;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/**
 * Puts a record aside, on disk before it returns, in a file of its own so that one can be mended while the router runs. Throws the
 * system's error.
 */
export function quarantine(spoolFolder: string, id: string, record: string, error: unknown): void {
  const folder = folderOf(spoolFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `${id.replaceAll(/[^\w.-]/g, "_").slice(0, 100)}${suffix}`;
  const entry = { at: new Date().toISOString(), reason: reasonOf(error), record: asJson(record) };
  // The same record again, after a crash, takes the same place.
  const fd = openSync(join(folder, name), "w", privateFileMode);
  try {
    writeSync(fd, `${JSON.stringify(entry, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function listQuarantine(spoolFolder: string): QuarantinedRecord[] {
  let names: string[];
  try {
    names = readdirSync(folderOf(spoolFolder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(suffix))
    .toSorted()
    .map((name) => {
      const entry = JSON.parse(readFileSync(join(folderOf(spoolFolder), name), "utf8")) as QuarantinedRecord;
      return { ...entry, name: name.slice(0, -suffix.length) };
    });
}

/** It was published. */
export const release = (spoolFolder: string, name: string): void =>
  rmSync(join(folderOf(spoolFolder), `${name}${suffix}`));
