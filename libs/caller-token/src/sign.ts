import { SignJWT } from "jose";
import type { SigningKey } from "./keys.ts";
import { algorithm, type CallerClaims, lifetimeSeconds, tokenType } from "./token.ts";

/** Signs a token that tells the service `audience` who makes this one request. */
export type SignCaller = (audience: string, claims: CallerClaims) => Promise<string>;

export const createCallerSigner =
  ({ kid, key }: SigningKey, nowMs: () => number): SignCaller =>
  (audience, claims) => {
    const issuedAt = Math.floor(nowMs() / 1000);
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: algorithm, typ: tokenType, kid })
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(key);
  };
