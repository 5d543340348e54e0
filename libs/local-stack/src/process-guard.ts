import { spawn } from "node:child_process";
import { runtimeEnvironment } from "./child-environment.ts";

/** How a guarded process is ended when its starter has died: `QUIT` lets Postgres take its own children with it. */
export type GuardSignal = "KILL" | "QUIT";

// Blocks until its input closes, which happens when the starter dies by whatever cause, then ends the target ($2: a
// process, or a group when negative) and after five seconds what is left of the group of $3.
const script = `
while read -r _; do :; done
kill -s "$1" -- "$2" 2>/dev/null
left=5
while [ "$left" -gt 0 ] && kill -0 "$3" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -s KILL -- "-$3" 2>/dev/null
`;

/**
 * Watches this process from outside and ends `pid` (leader of a process group) once this process is gone, even by
 * SIGKILL. One small shell per child. Returns a function that ends the guard.
 */
export function guardProcess(pid: number, signal: GuardSignal): () => void {
  const target = signal === "KILL" ? -pid : pid;
  const guard = spawn("/bin/sh", ["-c", script, "topdog-guard", signal, String(target), String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: runtimeEnvironment(process.env),
  });
  guard.on("error", () => undefined);
  guard.stdin.on("error", () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return () => {
    guard.kill("SIGKILL");
  };
}
