import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { scrubText } from "./scrub.ts";

/** A query may hold anything that a client writes there: of these only the part before it is kept. */
const addresses = new Set(["url.full", "http.url", "http.target"]);

/** Changes the span's own attributes: it has ended, and nobody reads it after the export. */
function scrubAttributes(attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "url.query") attributes[name] = "[redacted]";
    else if (typeof value === "string") attributes[name] = scrubText(addresses.has(name) ? withoutQuery(value) : value);
    else if (Array.isArray(value)) attributes[name] = value.map(scrubItem) as string[];
  }
}

const scrubItem = (item: unknown): unknown => (typeof item === "string" ? scrubText(item) : item);
const withoutQuery = (address: string): string => address.split("?", 1)[0] ?? "";

function scrubSpan(span: ReadableSpan): void {
  scrubAttributes(span.attributes);
  for (const event of span.events) scrubAttributes(event.attributes ?? {});
  if (span.status.message !== undefined) span.status.message = scrubText(span.status.message);
}

/** Takes secrets and queries out of every span before `exporter` sends it. */
export const scrubbingExporter = (exporter: SpanExporter): SpanExporter => ({
  export(spans, resultCallback) {
    for (const span of spans) scrubSpan(span);
    exporter.export(spans, resultCallback);
  },
  shutdown: () => exporter.shutdown(),
  forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
});
