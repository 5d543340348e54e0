import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { extractTraceContext } from "@topdog/telemetry/tracing";

const tracer = trace.getTracer("topdog-messaging");

/** Runs `work` in a span under the trace that a message carried; costs next to nothing in a process that does not trace. */
export async function inSpan<T>(name: string, traceparent: string | undefined, work: () => Promise<T>): Promise<T> {
  const parent = traceparent === undefined ? context.active() : extractTraceContext({ traceparent });
  return tracer.startActiveSpan(name, { kind: SpanKind.CONSUMER }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "error" });
      throw error;
    } finally {
      span.end();
    }
  });
}
