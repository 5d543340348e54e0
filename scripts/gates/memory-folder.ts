import { readFileSync, statfsSync } from "node:fs";

const folder = "/dev/shm";
/** For the engines of all suites that run at once, and what is left for everything else. */
const leastFolderBytes = 3 * 1024 ** 3;
const leastMemoryBytes = 8 * 1024 ** 3;

/**
 * A folder in memory, where there is plenty and programs may be run from it; else null. No test cuts the power: what its engines sync to the disk
 * hundreds of times a second costs time and proves nothing.
 */
export function memoryFolder(): string | null {
  if (process.platform !== "linux" || process.availableMemory() < leastMemoryBytes) return null;
  const mount = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .findLast(([, place]) => place === folder);
  const options = mount?.[3]?.split(",") ?? ["noexec"];
  if (options.includes("noexec") || options.includes("ro")) return null;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < leastFolderBytes ? null : folder;
}
