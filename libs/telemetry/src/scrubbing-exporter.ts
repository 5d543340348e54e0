import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { scrubText } from "./scrub.ts";

const redacted = "[redacted]";
/** A query may hold anything that a client writes there: of these only the part before it is kept. */
const addresses = new Set(["url.full", "http.url", "http.target"]);

/** Changes the span's own attributes: it has ended, and nobody reads it after the export. */
function scrubAttributes(attributes: Attributes = {}): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "url.query") attributes[name] = redacted;
    else attributes[name] = scrubValue(name, addresses.has(name) ? withoutQuery(value) : value);
  }
}

const withoutQuery = (address: unknown): unknown => (typeof address === "string" ? address.split("?", 1)[0] : address);

/** As JSON: there a secret is known by its name as well as by its look, however deep in lists and objects it lies. */
function scrubValue(name: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return redacted;
  const text = JSON.stringify([{ [name]: value }]);
  const scrubbed = scrubText(text);
  if (scrubbed === text) return value;
  const [entry = {}] = JSON.parse(scrubbed) as [Attributes?];
  return Object.values(entry)[0];
}

function scrubSpan(span: ReadableSpan): void {
  scrubAttributes(span.attributes);
  for (const { attributes } of [...span.events, ...span.links]) scrubAttributes(attributes);
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
