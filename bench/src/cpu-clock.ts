import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** CPU microseconds (user + system) that a process and its children have used. */
export interface CpuClock {
  readonly source: string;
  readonly read: (pid: number) => number;
}

interface Stat {
  readonly parentPid: number;
  /** Of all threads of the process. */
  readonly ownTicks: number;
  /** Of children that have ended and were waited for. */
  readonly endedChildrenTicks: number;
}

function readStat(pid: number | string): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The command's name may hold spaces and parentheses: fields are counted after the last one.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parentPid = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map(
    (at) => fields[at] ?? 0,
  );
  return { parentPid, ownTicks: user + system, endedChildrenTicks: childUser + childSystem };
}

/** The process and all its descendants that run now. */
export function processTree(root: number): number[] {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), stat: readStat(name) }));
  const tree = [root];
  for (const pid of tree) tree.push(...stats.filter(({ stat }) => stat?.parentPid === pid).map((one) => one.pid));
  return tree;
}

function procClock(): CpuClock {
  const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const read = (pid: number): number => {
    const ticks = processTree(pid)
      .map((one) => readStat(one))
      .map((stat) => (stat === null ? 0 : stat.ownTicks + stat.endedChildrenTicks));
    return (ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond) * 1e6;
  };
  return { source: `/proc/<pid>/stat, ${1000 / ticksPerSecond} ms ticks`, read };
}

/** `[[dd-]hh:]mm:ss[.cc]` of `ps -o time=` in microseconds. */
export function parsePsTime(text: string): number {
  const [days, clock = ""] = text.trim().includes("-") ? text.trim().split("-") : ["0", text.trim()];
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1e6;
}

/** Reads /proc where there is one, else asks ps (coarser, and without children). */
export function createCpuClock(): CpuClock {
  if (readStat(process.pid) !== null) return procClock();
  return {
    source: "ps -o time",
    read: (pid) => parsePsTime(execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" })),
  };
}
