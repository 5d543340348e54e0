import { spawn } from "node:child_process";

const parentPollMs = 1_000;
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a task in the foreground and returns its exit code. A signal is passed on once more, whoever got it first: the
 * task counts what comes within a moment as one. The task sees its IPC channel close if this process is killed.
 */
export function runTask(node, args, { root, env }) {
  const task = spawn(node, args, { cwd: root, env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of stopSignals) process.on(signal, () => task.kill(signal));
  stopWithParent(task);
  return new Promise((resolve) => {
    task.once("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    task.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** npm killed by SIGKILL passes nothing on: its child has a new parent then. */
function stopWithParent(task) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    task.kill("SIGTERM");
  }, parentPollMs);
  timer.unref();
}
