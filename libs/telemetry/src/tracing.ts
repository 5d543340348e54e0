import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

export { unsampledTraceparent } from "./traceparent.ts";

const tracer = trace.getTracer("topdog");
/** The tracer provider of a process without an SDK is of another class: it has no `shutdown`. */
const provider = (): { shutdown?: () => Promise<void> } => {
  const proxy = trace.getTracerProvider() as { getDelegate?: () => object };
  return proxy.getDelegate?.() ?? proxy;
};

export const isTracing = (): boolean => provider().shutdown !== undefined;

/** Sends what is buffered and stops exporting; nothing to do in a process that does not trace. */
export async function shutdownTracing(): Promise<void> {
  await provider().shutdown?.();
}

export interface TracingOptions {
  readonly service: string;
  /** The collector's base URL; absent or empty: no SDK is loaded and nothing is traced. */
  readonly otlpEndpoint?: string | undefined;
  /** Share of traces that begin here and are kept, 0 to 1; a trace that began elsewhere keeps its own decision. */
  readonly sampleRatio?: number;
}

export interface Tracing {
  shutdown(): Promise<void>;
}

export async function startTracing({ service, otlpEndpoint, sampleRatio = 1 }: TracingOptions): Promise<Tracing> {
  if (otlpEndpoint !== undefined && otlpEndpoint !== "") {
    const { registerSdk } = await import("./sdk.ts");
    registerSdk({ service, otlpEndpoint, sampleRatio });
  }
  return { shutdown: shutdownTracing };
}

/** A span written by hand on the hot path, for a sampled request only. */
export interface HotSpan {
  /** What to forward: names this span as the parent. */
  readonly traceparent: string;
  setAttribute(name: string, value: string | number | boolean): void;
  /** With an error the span is marked failed. Calling it twice is harmless. */
  end(error?: unknown): void;
}

function remoteContext(traceparent: string | undefined): SpanContext | null {
  const parts = parseTraceparent(traceparent);
  if (parts === null) return null;
  return { traceId: parts.traceId, spanId: parts.spanId, traceFlags: parts.sampled ? 1 : 0, isRemote: true };
}

const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & 1) === 1 });
};

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "error" });
}

/** Null when the request is not sampled or the process does not trace: then it costs a branch. */
export function startHotSpan(name: string, parentTraceparent: string | undefined): HotSpan | null {
  if (parentTraceparent?.endsWith("-00") === true || !isTracing()) return null;
  const parent = remoteContext(parentTraceparent);
  const parentContext = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  return toHotSpan(tracer.startSpan(name, { kind: SpanKind.SERVER }, parentContext));
}

/**
 * As `startHotSpan`, for a port that strangers reach: whether it is sampled is decided here, by our own ratio. It begins
 * a trace of ours that links to the stranger's, so that nobody can add spans to somebody else's trace.
 */
export function startPublicSpan(name: string, incomingTraceparent: string | undefined): HotSpan | null {
  if (!isTracing()) return null;
  const incoming = remoteContext(incomingTraceparent);
  const links = incoming === null ? [] : [{ context: incoming }];
  return toHotSpan(tracer.startSpan(name, { kind: SpanKind.SERVER, links }, ROOT_CONTEXT));
}

function toHotSpan(span: Span): HotSpan | null {
  if (!span.isRecording()) return null;
  return {
    traceparent: traceparentOf(span),
    setAttribute: (key, value) => void span.setAttribute(key, value),
    end: (error) => {
      if (error !== undefined) fail(span, error);
      if (span.isRecording()) span.end();
    },
  };
}

/** The traceparent of the span that is active here, if there is one. */
export function activeTraceparent(): string | undefined {
  const span = trace.getActiveSpan();
  return span === undefined ? undefined : traceparentOf(span);
}

/** Writes the active span's traceparent into headers; does nothing where no span is active. */
export function injectTraceparent(carrier: Record<string, string>): void {
  const traceparent = activeTraceparent();
  if (traceparent !== undefined) carrier["traceparent"] = traceparent;
}

/** The context that headers carry: the caller's span as remote parent, or an empty one. */
export function extractTraceContext(carrier: Readonly<Record<string, string | undefined>>): Context {
  const parent = remoteContext(carrier["traceparent"]);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

export interface SpanOptions {
  readonly kind: "server" | "client" | "producer" | "consumer" | "internal";
  /** The remote caller whose trace goes on here. */
  readonly parent?: string | undefined;
  /** The remote producers of a batch of messages: their traces are linked, not continued. */
  readonly links?: readonly (string | undefined)[];
  readonly attributes?: Attributes;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

/** Runs `work` inside a span that is active for everything it calls; its rejection marks the span failed. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  if (!isTracing()) return work();
  const links = (options.links ?? []).flatMap((producer) => remoteContext(producer) ?? []);
  const parent = remoteContext(options.parent);
  const parentContext = parent === null ? context.active() : trace.setSpanContext(ROOT_CONTEXT, parent);
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[options.kind],
      attributes: options.attributes ?? {},
      links: links.map((producer) => ({ context: producer })),
    },
    parentContext,
  );
  try {
    return await context.with(trace.setSpan(parentContext, span), work);
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}
