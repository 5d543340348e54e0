import type { ServerResponse } from "node:http";

/** The connection that a call came in on: it may go away at any moment. */
export interface CallerConnection {
  readonly res: ServerResponse;
  isGone(): boolean;
  /** What to do when the caller goes; replaces what was to be done before. */
  onGone(act: () => void): void;
}

export function watchCaller(res: ServerResponse): CallerConnection {
  let gone = false;
  let act: () => void = () => undefined;
  // Writing to a connection that has just gone is not an error here: the call goes on to be settled.
  res.on("error", () => undefined);
  res.on("close", () => {
    if (res.writableFinished) return;
    gone = true;
    act();
  });
  return {
    res,
    isGone: () => gone,
    onGone(next) {
      act = next;
      if (gone) next();
    },
  };
}
