import { randomUUID } from "node:crypto";

/** W3C trace context, version 00: `00-<32 hex trace id>-<16 hex span id>-<2 hex flags>`. */
const pattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface TraceparentParts {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

export function parseTraceparent(traceparent: string | undefined): TraceparentParts | null {
  if (traceparent === undefined || !pattern.test(traceparent)) return null;
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    sampled: (Number.parseInt(traceparent.slice(53), 16) & 1) === 1,
  };
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceparentParts): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

/**
 * Of random UUIDs: cheaper than digits of `Math.random`. What is taken of each has its version digit, so that no id is all
 * zeros (W3C's "no id").
 */
function newIds(): string {
  const trace = randomUUID();
  const span = randomUUID();
  const groups = `${trace.slice(0, 8)}${trace.slice(9, 13)}${trace.slice(14, 18)}${trace.slice(19, 23)}${trace.slice(24)}`;
  return `${groups}-${span.slice(0, 8)}${span.slice(9, 13)}${span.slice(14, 18)}`;
}

/**
 * The incoming one when it is valid, else a new one: there is always one to forward and to log. It is never sampled: it
 * came from a stranger, who must not decide what we record.
 */
export function unsampledTraceparent(incoming?: string): string {
  if (incoming !== undefined && pattern.test(incoming)) return `${incoming.slice(0, -2)}00`;
  return `00-${newIds()}-00`;
}
