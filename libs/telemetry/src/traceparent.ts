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

// Ids need to be unlike one another, not unpredictable: as OpenTelemetry's own generator.
const randomHex8 = (): string =>
  Math.trunc(Math.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, "0");
/** Never all zeros: that is W3C's "no id". */
const nonZero = (id: string): string => (/[1-9a-f]/.test(id) ? id : `${id.slice(1)}1`);

/** The incoming one when it is valid, else a new trace that nobody samples: there is always one to forward and to log. */
export function ensureTraceparent(incoming?: string): string {
  if (incoming !== undefined && pattern.test(incoming)) return incoming;
  const traceId = nonZero(randomHex8() + randomHex8() + randomHex8() + randomHex8());
  return formatTraceparent({ traceId, spanId: nonZero(randomHex8() + randomHex8()), sampled: false });
}
