import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { processTree } from "./cpu-clock.ts";

export interface Pinning {
  /** Null when processes can be pinned; else why not. */
  readonly unavailable: string | null;
  /** Moves a process, its threads and its children to one core. */
  readonly pin: (pid: number, core: number) => void;
}

export function createPinning(): Pinning {
  const none = (why: string): Pinning => ({ unavailable: why, pin: () => undefined });
  if (availableParallelism() < 2) return none("there is one core");
  try {
    execFileSync("taskset", ["-p", String(process.pid)], { stdio: "ignore" });
  } catch {
    return none("taskset is not there (util-linux)");
  }
  const pin = (root: number, core: number): void => {
    for (const pid of processTree(root)) {
      try {
        execFileSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
      } catch {
        // A child that ended between the listing and the call needs no core.
      }
    }
  };
  return { unavailable: null, pin };
}
