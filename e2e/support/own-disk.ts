import { spawnSync } from "node:child_process";
import { statfsSync } from "node:fs";

/** A file system of a platform's own, which can be made full. */
export interface OwnDisk {
  /** Full: nothing of what is on it may grow. Otherwise there is room. */
  setFull(isFull: boolean): void;
  /** Once nobody uses it. Nothing of it is left. */
  remove(): void;
}

const roomBytes = 8 * 1024 ** 3;
/** Files grow between looking and shrinking. */
const shrinkAttempts = 50;
const slackBytes = 256 * 1024;

/** As root, or as somebody who may become it without a password. */
function asRoot(command: string, args: readonly string[]): { readonly isDone: boolean; readonly said: string } {
  const isRoot = process.getuid?.() === 0;
  const [file, all] = isRoot ? [command, args] : ["sudo", ["-n", command, ...args]];
  const { status, stderr, error } = spawnSync(file, all, { encoding: "utf8" });
  return { isDone: status === 0, said: error?.message ?? stderr };
}

/** Puts a file system in memory over an empty folder; it takes no more memory than its files do. Null where none can be mounted. */
export function mountDisk(folder: string): OwnDisk | null {
  if (process.platform !== "linux") return null;
  const owner = `uid=${process.getuid?.() ?? 0},gid=${process.getgid?.() ?? 0}`;
  const options = `size=${roomBytes},mode=711,${owner}`;
  if (!asRoot("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).isDone) return null;
  const resize = (bytes: number) => asRoot("mount", ["-o", `remount,size=${bytes}`, folder]);
  return {
    setFull(isFull) {
      if (!isFull) {
        const { isDone, said } = resize(roomBytes);
        if (!isDone) throw new Error(`the disk got no room: ${said}`);
        return;
      }
      for (let attempt = 1; ; attempt += 1) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        // No smaller than what is on it: the system refuses that.
        const { isDone, said } = resize((blocks - bfree) * bsize + slackBytes);
        if (isDone) return;
        if (attempt === shrinkAttempts) throw new Error(`the disk cannot be made full: ${said}`);
      }
    },
    remove() {
      const { isDone, said } = asRoot("umount", [folder]);
      if (!isDone) throw new Error(`${folder} is still mounted: ${said}`);
    },
  };
}
