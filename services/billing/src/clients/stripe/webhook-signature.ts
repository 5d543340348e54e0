import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a signature's time may be from ours, before and after: the SDK looks at the past only. */
export const signatureToleranceMs = 300_000;
const maxSignatures = 16;
/** Of SHA-256, in hex. */
const signaturePattern = /^[0-9a-f]{64}$/;

export type SignatureVerdict = "ok" | "malformed" | "wrong_signature" | "outside_tolerance";

/** Judges the header `Stripe-Signature` over the bytes as they came. During a rotation any of the secrets may have signed. */
export function judgeSignature(
  body: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  nowMs: number,
): SignatureVerdict {
  const parts = partsOf(header);
  const timestamp = timestampOf(parts);
  const signatures = parts
    .flatMap(([name, value]) => (name === "v1" && value !== undefined && signaturePattern.test(value) ? [value] : []))
    .slice(0, maxSignatures);
  if (!/^\d{1,12}$/.test(timestamp) || signatures.length === 0) return "malformed";
  const isSigned = secrets.some((secret) => {
    const expected = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
    return signatures.some((one) => timingSafeEqual(expected, Buffer.from(one, "hex")));
  });
  if (!isSigned) return "wrong_signature";
  return Math.abs(nowMs - Number(timestamp) * 1000) <= signatureToleranceMs ? "ok" : "outside_tolerance";
}

/** How far ahead of ours the time of a signature is, in seconds; meaningful for one that is well formed. */
export const signatureSkewSeconds = (header: string | undefined, nowMs: number): number =>
  Math.round(Number(timestampOf(partsOf(header))) - nowMs / 1000);

const partsOf = (header: string | undefined): string[][] =>
  (header ?? "").split(",").map((part) => part.trim().split("=", 2));
const timestampOf = (parts: readonly string[][]): string => parts.find(([name]) => name === "t")?.[1] ?? "";
