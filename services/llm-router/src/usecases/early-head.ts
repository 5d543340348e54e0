import { setInterval } from "node:timers";
import type { SpooledCall } from "../domain/usage-spool.ts";
import type { CallDeps, ModelCall } from "./call.ts";

/** The beginning of a stream that goes out before any upstream has answered. */
export interface EarlyHead {
  /** No more comments. Whether the head is out: then what follows must be told within the stream. */
  stop(): Promise<boolean>;
}

/**
 * A caller of a stream that nobody has answered for `keepAliveMs` gets its head and a comment, and more of them: proxies in between
 * close what is silent, and models think for minutes. Upstreams may still be changed, for nothing of an answer is out.
 */
export function startEarlyHead(deps: CallDeps, { answer, dialect }: ModelCall, spooled: SpooledCall): EarlyHead {
  const format = dialect.stream;
  let isOut = false;
  let isOver = false;
  let pending: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    if (format === null || isOver || answer.isGone()) return;
    if (!isOut) {
      await spooled.durable();
      // An upstream has answered meanwhile, or the caller went.
      if (isOver || answer.isGone()) return;
      isOut = true;
      answer.head(200, { "content-type": format.contentType, "cache-control": "no-cache" });
    }
    answer.write(format.keepAlive);
  }

  const timer = setInterval(() => {
    // Where the disk fails, the call itself finds out and is refused with what failed.
    pending = pending.then(beat).catch(() => undefined);
  }, deps.timeouts.keepAliveMs);
  return {
    async stop() {
      isOver = true;
      clearInterval(timer);
      await pending;
      return isOut;
    },
  };
}
