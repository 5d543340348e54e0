import { AppError } from "@topdog/errors/app-error";
import { type OidcProvider, oidcRefused, type ProviderAnswer } from "../clients/oidc-provider.ts";
import { oidcFlowLifetimeMs, type ShownIdentity } from "../domain/identity.ts";
import { createToken, hashKey, oidcStateOf } from "../store/key-material.ts";
import { insertFlow, takeFlow } from "../store/oidc-flows.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change } from "./change.ts";
import { limitAttempts } from "./limit-attempts.ts";

export interface OidcDeps extends AuthDeps {
  /** Null: none is configured. */
  readonly oidc: OidcProvider | null;
}

/** What a browser brings to end what it began. */
export interface OidcReturn {
  /** Of its cookie; null without one. */
  readonly secret: string | null;
  readonly answer: ProviderAnswer;
}

const limits = { max: 100, windowMs: 15 * 60_000 };

/** Throws AppError 503 when none is configured. */
export function providerOf({ oidc }: OidcDeps): OidcProvider {
  if (oidc === null) throw new AppError("oidc_not_configured");
  return oidc;
}

/** The browser keeps the secret in a cookie, and goes to the URL. */
export async function beginOidc(
  deps: OidcDeps,
  {
    who,
    linkingUserId,
    again,
  }: { readonly who: string; readonly linkingUserId: string | null; readonly again: boolean },
): Promise<{ readonly url: string; readonly secret: string }> {
  const provider = providerOf(deps);
  await limitAttempts(deps.db, [{ of: `oidc start from ${who}`, ...limits }], deps.nowMs());
  const { token: secret, hash } = createToken(deps.randomBytes);
  const url = await provider.begin(secret, again);
  await change(deps, "everyone", (trx, at) =>
    insertFlow(trx, { hash, linkingUserId, expiresAt: new Date(at.getTime() + oidcFlowLifetimeMs) }),
  );
  return { url, secret };
}

/** The hash of the secret, when the answer is one to it. Throws AppError 401, 429 or 503. */
export async function requireReturn(deps: OidcDeps, who: string, { secret, answer }: OidcReturn): Promise<string> {
  providerOf(deps);
  await limitAttempts(deps.db, [{ of: `oidc answer from ${who}`, ...limits }], deps.nowMs());
  if (secret === null || answer.state !== oidcStateOf(secret)) throw oidcRefused();
  return hashKey(secret);
}

export interface Redeemed {
  readonly shown: ShownIdentity;
  /** Of the flow that it ended. */
  readonly expiresAt: Date;
}

/**
 * Whom the provider names. The flow is taken before the provider is asked: of two requests at once one asks. While it does not answer, the flow is
 * there again: the same request may come once more. Throws AppError 401 or 503.
 */
export async function redeemOnce(
  deps: OidcDeps,
  { secret, answer }: OidcReturn,
  flow: { readonly hash: string; readonly linkingUserId: string | null },
): Promise<Redeemed> {
  const taken = await change(deps, "everyone", (trx, at) => takeFlow(trx, flow, at));
  if (taken === null || secret === null) throw oidcRefused();
  const { expiresAt } = taken;
  try {
    return { shown: await providerOf(deps).redeem(secret, answer), expiresAt };
  } catch (error) {
    if (error instanceof AppError && error.code === "oidc_unavailable")
      await change(deps, "everyone", (trx) => insertFlow(trx, { ...flow, expiresAt }));
    throw error;
  }
}
