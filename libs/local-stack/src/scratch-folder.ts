import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for a test's engines: others cannot list it, but Postgres, run unprivileged, can enter it. */
export function makeScratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `topdog-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}
