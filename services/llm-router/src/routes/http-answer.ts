import type { ServerResponse } from "node:http";
import { unmeteredHeaderName } from "@topdog/contracts/principal-header";
import type { AnswerSink } from "../usecases/answer-sink.ts";

const nothing = (): void => undefined;

/** An answer over HTTP. */
export function httpAnswer(res: ServerResponse): AnswerSink {
  let gone = false;
  let onGone = nothing;
  let onDrain: (() => void) | null = null;
  // Writing to a connection that has just gone is not an error here: the call goes on to be settled.
  res.on("error", nothing);
  res.on("close", () => {
    if (res.writableFinished) return;
    gone = true;
    onGone();
  });
  return {
    head: (status, headers) => void res.writeHead(status, headers),
    write: (bytes) => res.destroyed || res.write(bytes),
    end: (bytes) => void res.end(bytes),
    cut: () => void res.destroy(),
    markUnmetered: () => markUnmetered(res),
    isGone: () => gone,
    onGone(act) {
      onGone = act;
      if (gone) act();
    },
    onDrain(act) {
      if (onDrain === null) res.on("drain", () => onDrain?.());
      onDrain = act;
    },
  };
}

export function markUnmetered(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader(unmeteredHeaderName, "1");
}
