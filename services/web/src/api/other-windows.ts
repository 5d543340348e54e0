/** The other windows of this browser; none where pages are prerendered. A BroadcastChannel reaches its own origin alone: no message names one. */
const windows = typeof window === "undefined" ? null : new BroadcastChannel("session");

/** This browser has another session now, or none any more. Nothing else is told: each window asks the server itself. */
export const tellOtherWindows = (): void => windows?.postMessage("look again");

/** Calls back whenever another window tells it. Returns how to stop. */
export function onTold(look: () => void): () => void {
  windows?.addEventListener("message", look);
  return () => windows?.removeEventListener("message", look);
}
