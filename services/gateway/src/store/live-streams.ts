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
  const indexes = { user: new Map<string, Set<LiveStream>>(), org: new Map<string, Set<LiveStream>>() };

  const keysOf = ({ userId, orgId }: Viewer) =>
    [[indexes.user, userId] as const, ...(orgId === null ? [] : [[indexes.org, orgId] as const])] as const;

  function remember(stream: LiveStream): void {
    streams.add(stream);
    for (const [index, id] of keysOf(stream.viewer)) {
      const known = index.get(id);
      if (known === undefined) index.set(id, new Set([stream]));
      else known.add(stream);
    }
  }

  function forget(stream: LiveStream): void {
    streams.delete(stream);
    for (const [index, id] of keysOf(stream.viewer)) {
      const known = index.get(id);
      known?.delete(stream);
      if (known?.size === 0) index.delete(id);
    }
  }

  function listening(audience: Audience): Iterable<LiveStream> {
    if (audience === "operators") return [...streams].filter(({ viewer }) => viewer.operator);
    return ("orgId" in audience ? indexes.org.get(audience.orgId) : indexes.user.get(audience.userId)) ?? [];
  }

  return {
    open: (viewer, tokenHash) => {
      const own = indexes.user.get(viewer.userId)?.size ?? 0;
      if (streams.size >= maxStreams || own >= maxPerPerson) return null;
      const stream = createStream(viewer, tokenHash);
      remember(stream);
      stream.onClose(() => forget(stream));
      return stream;
    },
    tell: (audience, event, sees = () => true) => {
      for (const stream of listening(audience)) if (sees(stream.viewer)) stream.send(event);
    },
    endSession: (tokenHash) => {
      for (const stream of streams) if (stream.tokenHash === tokenHash) stream.end("session_ended");
    },
    endMember: (orgId, userId) => {
      for (const stream of indexes.org.get(orgId) ?? []) {
        if (stream.viewer.userId === userId) stream.end("membership_changed");
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
