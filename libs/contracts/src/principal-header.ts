import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { chargeSchema, chargeSourceSchema, utcDaySchema } from "./quota.ts";
import { principalSchema } from "./rpc/resolve-principal.ts";

export const principalHeaderName = "x-topdog-principal";

/** On a router's answer: it did not record the call, so the gateway that charged it publishes its usage. */
export const unmeteredHeaderName = "x-topdog-unmetered";

/** An admitted `/v1` call: what it was charged, and until when it may run. */
export const admittedCallSchema = z.object({
  kind: z.literal("call"),
  requestId: z.string(),
  principal: principalSchema,
  /** Unix milliseconds. */
  deadlineMs: z.int(),
  source: chargeSourceSchema,
  day: utcDaySchema,
  charges: z.array(chargeSchema).min(1).max(4),
});
export type AdmittedCall = z.infer<typeof admittedCallSchema>;

const sign = (body: string, secret: string): Buffer => createHmac("sha256", secret).update(body).digest();

/** Serialises and signs (HMAC-SHA256) who calls, from the gateway to a router. */
export function signPrincipalHeader(caller: AdmittedCall, secret: string): string {
  const body = Buffer.from(JSON.stringify(caller)).toString("base64url");
  return `${body}.${sign(body, secret).toString("base64url")}`;
}

/** Returns the caller, or null when the header is absent, forged, malformed or past its deadline. */
export function verifyPrincipalHeader(header: string | undefined, secret: string, nowMs: number): AdmittedCall | null {
  if (header === undefined) return null;
  const dot = header.indexOf(".");
  if (dot < 1) return null;
  const body = header.slice(0, dot);
  const given = Buffer.from(header.slice(dot + 1), "base64url");
  const expected = sign(body, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const parsed = admittedCallSchema.safeParse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
  return parsed.success && parsed.data.deadlineMs > nowMs ? parsed.data : null;
}
