import type { Logger } from "./logger.ts";

/** Writes one line: `members` is JSON text, `"a":1,"b":"x"`. */
export type LineLog = (members: string) => void;

const msPerSecond = 1000;

/**
 * For the hot path: lines like the logger's own, at level info, whose JSON the caller has put together and which are
 * written in blocks. They are not scrubbed: they may hold ids, numbers and words of ours, and never text that
 * somebody else wrote.
 */
export function createLineLog(logger: Logger, message: string): LineLog {
  if (!logger.isLevelEnabled("info")) return () => undefined;
  const { output } = logger;
  const bindings = JSON.stringify(logger.bindings()).slice(1, -1);
  const end = `,"msg":${JSON.stringify(message)}}\n`;
  let second = 0;
  let head = "";
  return (members) => {
    const nowMs = Date.now();
    const ms = nowMs % msPerSecond;
    if (nowMs - ms !== second) {
      second = nowMs - ms;
      head = `{"level":"info","time":"${new Date(second).toISOString().slice(0, -4)}`;
    }
    output.gather(`${head}${String(ms).padStart(3, "0")}Z",${bindings},${members}${end}`);
  };
}
