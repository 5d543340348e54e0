import { Readable } from "node:stream";
import type { UsageCounted } from "@topdog/contracts/signals/usage-counted";
import { type Audience, type LiveEvent, mergeUsage, usageEvent, type Viewer } from "../domain/live-event.ts";

export type EndReason = "session_ended" | "membership_changed" | "resync" | "draining";

/** One page that listens. */
export interface LiveStream {
  readonly viewer: Viewer;
  readonly tokenHash: string;
  send(event: LiveEvent): void;
  /** Once a second at most for each owner: what comes meanwhile is merged, and told at its end. */
  sendUsage(counted: UsageCounted): void;
  comment(text: string): void;
  end(reason: EndReason): void;
}

export interface OpenedStream extends LiveStream {
  /** What the client gets. */
  readonly body: Readable;
  /** Runs once, when the page has gone or the stream ended. */
  onClose(callback: () => void): void;
}

export interface LiveStreams {
  /** Null when the person, or the process, has as many as it may. */
  open(viewer: Viewer, tokenHash: string): OpenedStream | null;
  /** To those who listen for this audience and may see it. */
  tell(audience: Audience, event: LiveEvent, sees?: (viewer: Viewer) => boolean): void;
  endSession(tokenHash: string): void;
  endMember(orgId: string, userId: string): void;
  endAll(reason: EndReason): void;
  all(): readonly LiveStream[];
  size(): number;
}

export interface LiveStreamsDeps {
  readonly maxStreams: number;
  readonly maxPerPerson: number;
}

/** What a page that does not read may leave in memory. */
const maxUnreadBytes = 64 * 1024;
const coalesceMs = 1_000;
const reconnectMs = 2_000;

export function createLiveStreams({ maxStreams, maxPerPerson }: LiveStreamsDeps): LiveStreams {
  const streams = new Set<LiveStream>();
  /** By what they are found: `user:<id>`, `org:<id>`, `session:<token hash>`, `operators`. An event takes time only for those whom it is about. */
  const index = new Map<string, Set<LiveStream>>();

  const keysOf = ({ viewer: { userId, orgId, operator }, tokenHash }: LiveStream): string[] => [
    `user:${userId}`,
    `session:${tokenHash}`,
    ...(orgId === null ? [] : [`org:${orgId}`]),
    ...(operator ? ["operators"] : []),
  ];
  const found = (key: string): readonly LiveStream[] => [...(index.get(key) ?? [])];

  function remember(stream: LiveStream): void {
    streams.add(stream);
    for (const key of keysOf(stream)) {
      const known = index.get(key);
      if (known === undefined) index.set(key, new Set([stream]));
      else known.add(stream);
    }
  }

  function forget(stream: LiveStream): void {
    streams.delete(stream);
    for (const key of keysOf(stream)) {
      const known = index.get(key);
      known?.delete(stream);
      if (known?.size === 0) index.delete(key);
    }
  }

  const keyOf = (audience: Audience): string =>
    audience === "operators" ? audience : "orgId" in audience ? `org:${audience.orgId}` : `user:${audience.userId}`;

  return {
    open: (viewer, tokenHash) => {
      const own = index.get(`user:${viewer.userId}`)?.size ?? 0;
      if (streams.size >= maxStreams || own >= maxPerPerson) return null;
      const stream = createStream(viewer, tokenHash);
      remember(stream);
      stream.onClose(() => forget(stream));
      return stream;
    },
    tell: (audience, event, sees = () => true) => {
      for (const stream of found(keyOf(audience))) if (sees(stream.viewer)) stream.send(event);
    },
    endSession: (tokenHash) => {
      for (const stream of found(`session:${tokenHash}`)) stream.end("session_ended");
    },
    endMember: (orgId, userId) => {
      for (const stream of found(`user:${userId}`)) {
        if (stream.viewer.orgId === orgId) stream.end("membership_changed");
      }
    },
    endAll: (reason) => {
      for (const stream of streams) stream.end(reason);
    },
    all: () => [...streams],
    size: () => streams.size,
  };
}

function createStream(viewer: Viewer, tokenHash: string): OpenedStream {
  const body = new Readable({ read: () => undefined, highWaterMark: maxUnreadBytes });
  const latest = new Map<string, { timer: NodeJS.Timeout; waiting: UsageCounted | null }>();
  let isOver = false;

  function write(text: string): void {
    if (isOver || body.destroyed) return;
    body.push(text);
    if (body.readableLength > maxUnreadBytes) body.destroy();
  }
  const send = ({ name, data }: LiveEvent): void => write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

  function rest(owner: string): void {
    const timer = setTimeout(() => {
      const waiting = latest.get(owner)?.waiting ?? null;
      latest.delete(owner);
      if (waiting !== null) sendUsage(waiting);
    }, coalesceMs);
    latest.set(owner, { timer, waiting: null });
  }
  function sendUsage(counted: UsageCounted): void {
    if (isOver) return;
    const resting = latest.get(counted.owner);
    if (resting === undefined) {
      send(usageEvent(counted));
      rest(counted.owner);
    } else resting.waiting = resting.waiting === null ? counted : mergeUsage(resting.waiting, counted);
  }

  body.once("close", () => {
    isOver = true;
    for (const { timer } of latest.values()) clearTimeout(timer);
    latest.clear();
  });
  write(`retry: ${reconnectMs}\n\n`);
  return {
    viewer,
    tokenHash,
    body,
    send,
    sendUsage,
    comment: (text) => write(`: ${text}\n\n`),
    end: (reason) => {
      if (isOver) return;
      send({ name: "end", data: { reason } });
      isOver = true;
      body.push(null);
    },
    onClose: (callback) => void body.once("close", callback),
  };
}
