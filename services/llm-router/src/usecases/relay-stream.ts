import { setTimeout as startTimer } from "node:timers";
import type { AppError } from "@topdog/errors/app-error";
import { openAiErrorBody } from "@topdog/http-kit/openai-error";
import { errorOfFailures } from "../domain/attempt-failure.ts";
import type { ChatRequest } from "../domain/chat-request.ts";
import type { SpooledCall } from "../domain/usage-spool.ts";
import type { ProviderStream, StreamEnd } from "../clients/providers/provider.ts";
import type { Lease } from "../clients/upstreams.ts";
import type { AnswerSink } from "./answer-sink.ts";
import { type ChatCall, type ChatDeps, chatUsage, producedTokens, type Served, servedHeaders } from "./chat-call.ts";
import { spoolFailure } from "./spool-failure.ts";

export interface BegunStream extends Served {
  readonly stream: ProviderStream;
  readonly lease: Lease;
  readonly spooled: SpooledCall;
}

const doneEvent = "data: [DONE]\n\n";
const errorEvent = (error: AppError): string => `data: ${JSON.stringify(openAiErrorBody(error))}\n\n`;

/** Passes events on as fast as the caller reads them; resolves at the stream's end. */
function pump(answer: AnswerSink, stream: ProviderStream, lease: Lease, drainMs: number): Promise<StreamEnd> {
  return new Promise((resolve) => {
    let drainTimer: NodeJS.Timeout | undefined;
    answer.onDrain(() => {
      clearTimeout(drainTimer);
      stream.resume();
    });
    answer.onGone(() => lease.call.abort());
    stream.attach({
      onEvents(bytes) {
        if (answer.write(bytes)) return true;
        clearTimeout(drainTimer);
        // A caller that is connected and does not read is as good as gone.
        drainTimer = startTimer(() => answer.cut(), drainMs);
        return false;
      },
      onEnd(end) {
        clearTimeout(drainTimer);
        resolve(end);
      },
    });
  });
}

/**
 * Relays a stream whose first content is there. The intent is durable before the first byte leaves, the final before the
 * last; a stream that breaks ends with an error event and without `[DONE]`, and nothing is ever spliced.
 */
export async function relayStream(
  deps: ChatDeps,
  call: ChatCall,
  request: ChatRequest,
  begun: BegunStream,
): Promise<void> {
  const { answer } = call;
  const { lease, spooled, stream } = begun;
  try {
    await spooled.durable();
    if (!answer.isGone()) {
      spooled.markBegun();
      answer.head(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        ...servedHeaders(begun),
      });
    }
  } catch (error) {
    lease.call.abort();
    lease.end();
    return failUnrecorded(deps, call, request, begun, error);
  }
  const end = await pump(answer, stream, lease, deps.timeouts.callerDrainMs);
  if (end.failure !== null) lease.brokeOff(end.failure.kind);
  lease.end();
  const tokens = end.usage ?? producedTokens(request, begun.attempts, stream.contentEvents());
  const outcome = answer.isGone() ? "client_closed" : end.complete ? "ok" : "failed";
  try {
    await spooled.finish(chatUsage(deps, call, request, { ...begun, outcome, refund: false, tokens }));
  } catch (error) {
    answer.end(errorEvent(spoolFailure(error)));
    return;
  }
  answer.end(end.failure === null ? doneEvent : errorEvent(errorOfFailures([end.failure])));
}

/** Nothing has been sent: the caller gets an error, and the call is settled as refunded once the disk is back. */
async function failUnrecorded(
  deps: ChatDeps,
  call: ChatCall,
  request: ChatRequest,
  begun: BegunStream,
  cause: unknown,
): Promise<never> {
  const tokens = producedTokens(request, begun.attempts, 0);
  const usage = chatUsage(deps, call, request, { ...begun, outcome: "failed", refund: true, tokens });
  await begun.spooled.finish(usage).catch(() => undefined);
  throw spoolFailure(cause);
}
