import { jwtVerify, type JWTHeaderParameters } from "jose";
import type { KeyObject } from "node:crypto";
import type { PublicKeys } from "./keys.ts";
import {
  algorithm,
  type CallerClaims,
  callerClaimsSchema,
  clockToleranceSeconds,
  lifetimeSeconds,
  tokenType,
} from "./token.ts";

export interface CallerVerifierOptions {
  readonly publicKeys: PublicKeys;
  /** This service's name: a token for another one is refused. */
  readonly audience: string;
  readonly nowMs: () => number;
}

/** The request as it arrived; `path` with its query. */
export interface ReceivedRequest {
  readonly token: string | undefined;
  readonly method: string;
  readonly path: string;
}

/** Who calls; null when the token is absent, forged, expired, of an unknown key, or signed for another request or service. */
export type VerifyCaller = (request: ReceivedRequest) => Promise<CallerClaims | null>;

export function createCallerVerifier({ publicKeys, audience, nowMs }: CallerVerifierOptions): VerifyCaller {
  const keyOf = ({ kid }: JWTHeaderParameters): KeyObject => {
    const key = publicKeys.get(kid ?? "");
    if (key === undefined) throw new Error("unknown key");
    return key;
  };
  return async ({ token, method, path }) => {
    if (token === undefined) return null;
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        algorithms: [algorithm],
        typ: tokenType,
        audience,
        requiredClaims: ["exp"],
        maxTokenAge: lifetimeSeconds,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(nowMs()),
      });
      const claims = callerClaimsSchema.safeParse(payload);
      return claims.success && claims.data.method === method && claims.data.path === path ? claims.data : null;
    } catch {
      return null;
    }
  };
}
