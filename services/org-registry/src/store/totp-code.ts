import { createHmac, timingSafeEqual } from "node:crypto";

/** RFC 6238, with the parameters that every authenticator app takes: SHA-1, six digits, 30 seconds. */
const stepMs = 30_000;
const digits = 6;
/** A code of the step before or after is taken too, for clocks differ (RFC 6238, 5.2). */
const neighbours = [0, -1, 1];

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, without padding. */
export function toBase32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)] ?? "").join("");
}

/** `secret` as hex. */
export function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", Buffer.from(secret, "hex")).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

/** The time step that the code belongs to; null for a wrong one. */
export function acceptedStep(secret: string, code: string, nowMs: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const now = Math.floor(nowMs / stepMs);
  const given = Buffer.from(code);
  return (
    neighbours.map((by) => now + by).find((step) => timingSafeEqual(Buffer.from(codeOf(secret, step)), given)) ?? null
  );
}

/** What an authenticator app reads from a QR code. */
export const totpUri = (secret: string, email: string): string =>
  `otpauth://totp/${encodeURIComponent(`Top Dog:${email}`)}?secret=${toBase32(Buffer.from(secret, "hex"))}&issuer=Top%20Dog`;
