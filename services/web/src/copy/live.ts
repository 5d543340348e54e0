import type { LiveState } from "../api/live.ts";

export const live: Readonly<Record<LiveState, string>> = {
  connecting: "Connecting",
  live: "Live",
  stale: "Reconnecting: may be old",
  off: "Not live",
};
