import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

const tailLines = 30;

/**
 * Runs commands quietly: one line when a step begins and one with its seconds when it ends. Output goes to a log file,
 * whose end is shown when the step fails.
 */
export function createSteps({ logFolder, show }) {
  const startedMs = Date.now();
  const say = (text) => {
    if (show) console.log(text);
  };
  mkdirSync(logFolder, { recursive: true });
  return {
    totalSeconds: () => seconds(startedMs),
    async run(title, command, args, options = {}) {
      const logFile = join(logFolder, `${title.replaceAll(/\W+/g, "-")}.log`);
      const beganMs = Date.now();
      say(`… ${title}`);
      const outcome = await runLogged(command, args, options, logFile);
      if (outcome !== 0) throw new StepFailure(title, outcome, logFile);
      say(`✓ ${title} (${seconds(beganMs)} s)`);
    },
  };
}

/** Its message is all that the user needs: no stack is shown. */
export class StepFailure extends Error {
  constructor(title, outcome, logFile) {
    const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-tailLines).join("\n");
    super(`${title} failed (${outcome}). The end of ${logFile}:\n\n${tail}\n`);
  }
}

const seconds = (sinceMs) => ((Date.now() - sinceMs) / 1000).toFixed(1);

function runLogged(command, args, options, logFile) {
  const output = openSync(logFile, "w");
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", output, output] });
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? code));
  }).finally(() => closeSync(output));
}
