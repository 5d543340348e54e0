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
 * Eight hex digits, the first never 0: no padding to do, and no id is all zeros (W3C's "no id"). Ids must be unique,
 * not unpredictable.
 */
const randomHex8 = (): string => Math.trunc(0x1000_0000 + Math.random() * 0xf000_0000).toString(16);

/**
 * The incoming one when it is valid, else a new one: there is always one to forward and to log. It is never sampled: it
 * came from a stranger, who must not decide what we record.
 */
export function unsampledTraceparent(incoming?: string): string {
  if (incoming !== undefined && pattern.test(incoming)) return `${incoming.slice(0, -2)}00`;
  return `00-${randomHex8()}${randomHex8()}${randomHex8()}${randomHex8()}-${randomHex8()}${randomHex8()}-00`;
}
