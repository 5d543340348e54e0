import { closeSync, fchmodSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { privateFileMode } from "./private-folder.ts";

const reserveBytes = 1024 * 1024;

export interface DiskReserve {
  /** Gives the reserved room back to the disk, for the finals of the calls that are in flight. False if it is spent. */
  release(): boolean;
  /** Takes the room again; throws the system's error when there is none. */
  refill(): void;
  close(): void;
}

/** Room for a few hundred finals on a disk that others fill: a real file of real bytes. */
export function createDiskReserve(folder: string): DiskReserve {
  const fd = openSync(join(folder, "reserve"), "w", privateFileMode);
  fchmodSync(fd, privateFileMode);
  let held = false;
  const refill = (): void => {
    if (held) return;
    writeSync(fd, Buffer.alloc(reserveBytes), 0, reserveBytes, 0);
    fsyncSync(fd);
    held = true;
  };
  return {
    refill,
    release() {
      if (!held) return false;
      held = false;
      ftruncateSync(fd, 0);
      return true;
    },
    close: () => closeSync(fd),
  };
}
