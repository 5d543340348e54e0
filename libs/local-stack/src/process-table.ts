import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** True while a process with this id runs (a zombie counts as gone where that can be told). */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return processStat(pid)?.state !== "Z";
}

/** Tells a process apart from a later one that got the same id; null when no such process runs. */
export function processIdentity(pid: number): string | null {
  if (!isRunning(pid)) return null;
  if (process.platform === "linux") return processStat(pid)?.startTicks ?? null;
  return psColumn(pid, "lstart");
}

/** The command line of a process; null when it does not run or may not be seen. */
export function commandLineOf(pid: number): string | null {
  if (process.platform !== "linux") return psColumn(pid, "command");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return null;
  }
}

/** Ids of the direct children of a process. */
export function childrenOf(pid: number): number[] {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && processStat(Number(name))?.parent === pid)
      .map(Number);
  }
  return execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

function psColumn(pid: number, column: string): string | null {
  try {
    return execFileSync("ps", ["-p", String(pid), "-o", `${column}=`], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

/** From proc(5): fields 3, 4 and 22 of /proc/<pid>/stat; the command name before them may hold spaces. */
function processStat(pid: number): { state: string; parent: number; startTicks: string } | null {
  if (process.platform !== "linux") return null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", parent: Number(fields[1]), startTicks: fields[19] ?? "" };
  } catch {
    return null;
  }
}
