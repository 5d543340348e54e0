import type { IncomingMessage } from "node:http";
import type { CallerVerifier } from "@topdog/http-kit/auth";
import { requestIdOf } from "@topdog/http-kit/request-id";
import type { Request } from "express";
import type { AccountTarget } from "../domain/account-target.ts";
import { enter, leave } from "./front-door.ts";
import { callerAgain, identifyAccount, type IdentifyDeps } from "./identify-account.ts";

const account: AccountTarget = { service: "org-registry", access: "account", scopes: ["account"] };

export interface RequestIdentities extends CallerVerifier {
  /** Of the session that a request was identified by. */
  readonly tokenHashOf: (req: IncomingMessage) => string | null;
}

/** Who makes a request that this process answers itself, found and counted as for one that is passed on. Throws AppError 401, 403, 429 or 503. */
export function createRequestIdentities(deps: IdentifyDeps): RequestIdentities {
  const tokenHashes = new WeakMap<IncomingMessage, string>();
  return {
    nowMs: deps.door.nowMs,
    tokenHashOf: (req) => tokenHashes.get(req) ?? null,
    verify: async (req: Request) => {
      const visit = enter(deps.door, req);
      req.res?.once("close", () => leave(deps.door, visit));
      const identity = await identifyAccount(deps, visit, req, account);
      if (identity === null) return null;
      if (identity.kind === "session") tokenHashes.set(req, identity.tokenHash);
      return { requestId: requestIdOf(req), caller: await callerAgain(deps, visit, req, account, identity) };
    },
  };
}
