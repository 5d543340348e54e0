import { backOffMs } from "../domain/back-off.ts";
import { readServerEvents, type ServerEvent } from "./server-events.ts";

/** `live`: everything that happens is told. `stale`: what is shown may be old. `off`: nobody listens, and nobody will. */
export type LiveState = "connecting" | "live" | "stale" | "off";

export interface LiveListener {
  readonly onState: (state: LiveState) => void;
  /** `ready` comes first: what happened before it was not told. */
  readonly onEvent: (event: ServerEvent) => void;
  /** The session is over. Resolves to whether another one has taken its place. */
  readonly onSignedOut: () => Promise<boolean>;
}

/** The gateway shows every 15 s that a stream lives. */
const maxSilenceMs = 40_000;
/** A page that nobody looks at holds its stream no longer than this. */
const maxHiddenMs = 30_000;

/**
 * Listens to what happens in the account and in one org, and again after each interruption, later and later. A page that is hidden or offline
 * does not listen. Returns how to stop.
 */
export function listenLive(orgId: string | null, listener: LiveListener): () => void {
  const stopping = new AbortController();
  void listen(orgId, listener, stopping.signal);
  return () => stopping.abort();
}

async function listen(orgId: string | null, listener: LiveListener, stopping: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stopping.aborted) {
    await untilSeen(stopping);
    const end = await listenOnce(orgId, stopping, (event) => {
      if (event.name === "ready") {
        failures = 0;
        listener.onState("live");
      }
      listener.onEvent(event);
    });
    if (stopping.aborted) return;
    const isOver = end === "refused" || (end === "signed_out" && !(await listener.onSignedOut()));
    if (stopping.aborted) return;
    if (isOver) return listener.onState("off");
    listener.onState("stale");
    await pause(backOffMs(failures, Math.random()), stopping);
    failures += 1;
  }
}

type End = "interrupted" | "signed_out" | "refused";

async function listenOnce(
  orgId: string | null,
  stopping: AbortSignal,
  onEvent: (event: ServerEvent) => void,
): Promise<End> {
  const watch = watchLine(stopping);
  try {
    const query = orgId === null ? "" : `?orgId=${encodeURIComponent(orgId)}`;
    const answer = await fetch(`/api/events${query}`, { signal: watch.signal, cache: "no-store" });
    if (answer.status === 401) return "signed_out";
    if (answer.status === 403 || answer.status === 404) return "refused";
    if (!answer.ok) return "interrupted";
    for await (const event of readServerEvents(answer)) {
      watch.heard();
      if (event === null) continue;
      if (event.name === "end") return reasonOf(event) === "session_ended" ? "signed_out" : "interrupted";
      onEvent(event);
    }
    return "interrupted";
  } catch {
    // The line broke, or the watch cut it: either way it is taken up again.
    return "interrupted";
  } finally {
    watch.end();
  }
}

const reasonOf = ({ data }: ServerEvent): unknown => (JSON.parse(data) as { reason?: unknown }).reason;

/** Cuts the line when it is silent, when the page is hidden for long, and when the machine goes offline. */
function watchLine(stopping: AbortSignal) {
  const line = new AbortController();
  const cut = (): void => line.abort();
  let silence = setTimeout(cut, maxSilenceMs);
  let hidden: ReturnType<typeof setTimeout> | undefined;
  const onVisibility = (): void => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(cut, maxHiddenMs);
  };
  stopping.addEventListener("abort", cut);
  addEventListener("offline", cut);
  document.addEventListener("visibilitychange", onVisibility);
  return {
    signal: line.signal,
    heard: () => {
      clearTimeout(silence);
      silence = setTimeout(cut, maxSilenceMs);
    },
    end: () => {
      clearTimeout(silence);
      clearTimeout(hidden);
      stopping.removeEventListener("abort", cut);
      removeEventListener("offline", cut);
      document.removeEventListener("visibilitychange", onVisibility);
      cut();
    },
  };
}

/** Resolves after so long, at once when the machine is online again, or when it is to stop. */
function pause(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      stopping.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    stopping.addEventListener("abort", done);
  });
}

function untilSeen(stopping: AbortSignal): Promise<void> {
  if (!document.hidden || stopping.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.hidden && !stopping.aborted) return;
      document.removeEventListener("visibilitychange", look);
      stopping.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    stopping.addEventListener("abort", look);
  });
}
