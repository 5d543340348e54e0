import type { pino } from "pino";

const blockChars = 16 * 1024;
const maxDelayMs = 100;

/** Where a process's lines go, in their order. */
export interface LogOutput {
  /** At once, after the lines that wait. */
  write(line: string): void;
  /** Soon: with 16 Ki characters, after 100 ms, or with the next line that is written at once. */
  gather(line: string): void;
  /** Writes the lines that wait. */
  flush(): void;
}

/**
 * A write per line costs a busy process more than the line itself. Lines that wait are written before any other line, and so
 * before the last lines of a process that stops or ends by an error; one that is killed loses those of the last 100 ms.
 */
export function createLogOutput(destination: pino.DestinationStream): LogOutput {
  let waiting = "";
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting === "") return;
    const block = waiting;
    waiting = "";
    destination.write(block);
  }

  return {
    write(line) {
      flush();
      destination.write(line);
    },
    gather(line) {
      waiting += line;
      if (waiting.length >= blockChars) flush();
      else timer ??= setTimeout(flush, maxDelayMs).unref();
    },
    flush,
  };
}
