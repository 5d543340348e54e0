import { setInterval, setTimeout as startTimer } from "node:timers";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { StreamFormat } from "@topdog/dialects/operation";
import { errorOfFailures } from "../domain/attempt-failure.ts";
import type { SpooledCall } from "../domain/usage-spool.ts";
import type { ProviderStream, StreamEnd } from "../clients/providers/provider.ts";
import type { UpstreamCall } from "../clients/upstreams.ts";
import {
  type CallDeps,
  costHeader,
  costText,
  type ModelCall,
  modelUsage,
  producedTokens,
  type Served,
  servedHeaders,
} from "./call.ts";
import { spoolFailure } from "./spool-failure.ts";

export interface BegunStream extends Served {
  readonly stream: ProviderStream;
  readonly upstreamCall: UpstreamCall;
  readonly spooled: SpooledCall;
  /** It went out while nobody had answered yet. */
  readonly headIsOut: boolean;
}

/**
 * Passes events on as fast as the caller reads them; resolves at the stream's end. Where the provider is silent the caller gets
 * a comment within `keepAliveMs`, so that no proxy in between closes the connection as idle.
 */
function pump(
  { answer }: ModelCall,
  { keepAlive: comment }: StreamFormat,
  { stream, upstreamCall }: BegunStream,
  timeouts: CallDeps["timeouts"],
): Promise<StreamEnd> {
  return new Promise((resolve) => {
    let drainTimer: NodeJS.Timeout | undefined;
    let isBlocked = false;
    let isSilent = false;
    const send = (bytes: Buffer | string): boolean => {
      isSilent = false;
      isBlocked = !answer.write(bytes);
      if (!isBlocked) return true;
      clearTimeout(drainTimer);
      // A caller that is connected and does not read is treated as gone.
      drainTimer = startTimer(() => answer.cut(), timeouts.callerDrainMs);
      return false;
    };
    const keepAlive = setInterval(() => {
      if (isSilent && !isBlocked) send(comment);
      isSilent = true;
    }, timeouts.keepAliveMs / 2);
    answer.onDrain(() => {
      clearTimeout(drainTimer);
      isBlocked = false;
      stream.resume();
    });
    answer.onGone(() => upstreamCall.abort());
    stream.attach({
      onEvents: send,
      onEnd(end) {
        clearTimeout(drainTimer);
        clearInterval(keepAlive);
        resolve(end);
      },
    });
  });
}

/**
 * Relays a stream whose first content is there. The intent is durable before the first byte leaves, the final before the
 * last; a stream that breaks ends with an error event and without an end event; no other upstream continues it.
 */
export async function relayStream(deps: CallDeps, call: ModelCall, begun: BegunStream): Promise<void> {
  const { answer, request } = call;
  const { upstreamCall, spooled, stream } = begun;
  const format = call.dialect.stream;
  if (format === null) throw new Error(`${call.dialect.id} has no streams`);
  let isOut = false;
  try {
    await spooled.durable();
    if (!answer.isGone()) {
      isOut = true;
      spooled.markBegun();
      if (!begun.headIsOut) {
        const served = servedHeaders(begun);
        answer.head(200, { "content-type": format.contentType, "cache-control": "no-cache", ...served });
      }
    }
  } catch (error) {
    upstreamCall.abort();
    upstreamCall.end();
    return failUnrecorded(deps, call, begun, error);
  }
  const end = await pump(call, format, begun, deps.timeouts);
  if (end.failure !== null) upstreamCall.brokeOff(end.failure.kind);
  upstreamCall.end();
  const tokens = end.usage ?? producedTokens(request, begun.attempts, stream.contentEvents());
  const isLost = answer.isLost();
  const gone = isLost ? "interrupted" : "client_closed";
  const outcome = answer.isGone() ? gone : end.failure === null ? "ok" : "failed";
  const refund = isLost && !isOut;
  const usage = modelUsage(deps, call, { ...begun, outcome, refund, refundsLlmRequest: false, tokens });
  answer.recorded(usage);
  try {
    await spooled.finish(usage);
  } catch (error) {
    answer.end(format.errorEvent(spoolFailure(error)));
    return;
  }
  answer.write(closingComments(begun, usage));
  answer.end(end.failure === null ? end.endEvent : format.errorEvent(errorOfFailures([end.failure])));
}

/** What headers would say, had they not gone: no client takes a comment for an event. */
function closingComments(begun: BegunStream, usage: UsageConsumed): string {
  const late = begun.headIsOut ? Object.entries(servedHeaders(begun)) : [];
  const lines = [...late, [costHeader, costText(usage)]].map(([name, value]) => `: ${name}: ${value}\n`);
  return `${lines.join("")}\n`;
}

/** Nothing has been sent: the caller gets an error, and the call is settled as refunded once the disk is back. */
async function failUnrecorded(deps: CallDeps, call: ModelCall, begun: BegunStream, cause: unknown): Promise<never> {
  const tokens = producedTokens(call.request, begun.attempts, 0);
  const usage = modelUsage(deps, call, { ...begun, outcome: "failed", refund: true, refundsLlmRequest: false, tokens });
  call.answer.recorded(usage);
  await begun.spooled.finish(usage).catch(() => undefined);
  throw spoolFailure(cause);
}
