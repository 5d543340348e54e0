import type { SessionCaller } from "@topdog/contracts/account-call";
import { resolveStanding, type Standing } from "@topdog/contracts/rpc/resolve-standing";
import { type UsageCounted, usageCounted } from "@topdog/contracts/signals/usage-counted";
import { AppError } from "@topdog/errors/app-error";
import type { Bus } from "@topdog/messaging/connect";
import { callRpc } from "@topdog/messaging/rpc";
import { onSignal } from "@topdog/messaging/signal";
import type { Readable } from "node:stream";
import { bucketOwnersOf, type Viewer } from "../domain/live-event.ts";
import type { LiveStream, LiveStreams } from "../store/live-streams.ts";
import type { Sessions } from "../store/sessions.ts";

export interface LiveDeps {
  readonly streams: LiveStreams;
  readonly sessions: Sessions;
  readonly findStanding: (userId: string, orgId: string) => Promise<Standing>;
  /** Listens for the figures of a bucket's owner; returns how to stop. */
  readonly onUsage: (owner: string, callback: (counted: UsageCounted) => void) => () => void;
  /** Resolves once the bus has taken note of all that is listened for. */
  readonly listening: () => Promise<void>;
}

const standingTimeoutMs = 2_000;

export const createLiveDeps = (bus: Bus, { streams, sessions }: Pick<LiveDeps, "streams" | "sessions">): LiveDeps => ({
  streams,
  sessions,
  findStanding: (userId, orgId) => callRpc(bus, resolveStanding, { userId, orgId }, { timeoutMs: standingTimeoutMs }),
  onUsage: (owner, callback) => onSignal(bus, usageCounted, callback, owner),
  listening: () => bus.nc.flush(),
});

/** A page of a person who is signed in begins to listen. Throws AppError 401, 404, 429 or 503. */
export async function openLiveStream(
  deps: LiveDeps,
  { userId, operator }: SessionCaller,
  tokenHash: string,
  orgId: string | null,
): Promise<Readable> {
  const member = orgId === null ? null : (await deps.findStanding(userId, orgId)).member;
  if (orgId !== null && member === null) throw new AppError("not_found", { detail: "There is no such org." });
  const viewer: Viewer = { userId, orgId, member, operator };
  const stream = deps.streams.open(viewer, tokenHash);
  if (stream === null) {
    throw new AppError("too_many_calls", { detail: "Too many pages of yours listen at once.", retryAfterSeconds: 5 });
  }
  const stops = bucketOwnersOf(viewer).map((owner) => deps.onUsage(owner, (counted) => stream.sendUsage(counted)));
  stream.onClose(() => stops.forEach((stop) => stop()));
  // What a page reads after `ready` it must not miss the next change of.
  await deps.listening();
  // A sign-out, or the end of the membership, may have come before the stream was there to hear of it.
  if ((await deps.sessions.find(tokenHash)) === null) stream.end("session_ended");
  else stream.send({ name: "ready", data: { orgId } });
  return stream.body;
}

/** Shows that the stream lives, and asks again whether its session does: for an end that no broadcast told. */
export async function keepAlive({ streams, sessions }: Pick<LiveDeps, "streams" | "sessions">): Promise<void> {
  for (const stream of streams.all()) {
    stream.comment("alive");
    await endIfSignedOut(sessions, stream);
  }
}

async function endIfSignedOut(sessions: Sessions, stream: LiveStream): Promise<void> {
  try {
    if ((await sessions.find(stream.tokenHash)) === null) stream.end("session_ended");
  } catch (error) {
    // org-registry does not answer: the next look decides. Nothing that this stream shows comes from it.
    if (!(error instanceof AppError)) throw error;
  }
}
