import type { Secret } from "@topdog/config/secret";
import { emailSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import * as oidc from "openid-client";
import { Agent, fetch } from "undici";
import { z } from "zod";
import { maxAgeMs } from "../domain/session.ts";
import type { ShownIdentity } from "../domain/identity.ts";
import { oidcNonceOf, oidcStateOf } from "../store/key-material.ts";

/** What the provider sent back to the page, by the browser. */
export interface ProviderAnswer {
  readonly authorizationCode: string;
  readonly state: string;
  /** Who answers (RFC 9207): an answer of another provider is refused. */
  readonly issuer?: string | undefined;
}

export interface OidcProvider {
  /** What people call it. */
  readonly name: string;
  /** Where the browser asks it; `again`: it must not answer for somebody who signed in there before. Throws AppError 503. */
  begin(secret: string, again: boolean): Promise<string>;
  /** Whom it names. Throws AppError 401 for an answer that is not one to this secret, or was used before, and 503. */
  redeem(secret: string, answer: ProviderAnswer): Promise<ShownIdentity>;
}

interface OidcConfig {
  readonly OIDC_ISSUER?: string | undefined;
  readonly OIDC_CLIENT_ID?: string | undefined;
  readonly OIDC_CLIENT_SECRET?: Secret | undefined;
  readonly OIDC_NAME: string;
  readonly PUBLIC_URL: string;
}

const timeoutMs = 5_000;
const maxAnswerBytes = 256 * 1024;
const maxConnections = 16;
/** How long what the provider says of itself is believed. Its keys are asked for again whenever one is unknown. */
const metadataLifetimeMs = 60 * 60_000;
const retryAfterSeconds = 5;

export const oidcRefused = (cause?: unknown): AppError => new AppError("oidc_refused", { cause: causeOf(cause) });
const unavailable = (cause: unknown): AppError =>
  new AppError("oidc_unavailable", { cause: causeOf(cause), retryAfterSeconds });

/** The library's errors carry what the provider answered, tokens too: what is logged is their message alone. */
const causeOf = (error: unknown): Error | undefined =>
  error instanceof Error ? new Error(`${error.name}: ${error.message}`) : undefined;

const claimsSchema = z.object({
  iss: z.string().min(1).max(2000),
  sub: z.string().regex(/^[\x20-\x7e]{1,255}$/),
  email: z.unknown().optional(),
  email_verified: z.unknown().optional(),
  auth_time: z.number().min(0).max(1e11).optional(),
});

/** Null when none is configured. */
export function createOidcProvider(config: OidcConfig, nowMs: () => number): OidcProvider | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret, OIDC_NAME: name } = config;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return null;
  const pageUrl = `${config.PUBLIC_URL}/oidc`;
  const discover = cachedFor(nowMs, () =>
    oidc.discovery(new URL(issuer), clientId, {}, authenticationWith(clientSecret.reveal()), {
      [oidc.customFetch]: createFetch(),
      timeout: timeoutMs / 1000,
      execute: [oidc.enableNonRepudiationChecks, ...(issuer.startsWith("http:") ? [oidc.allowInsecureRequests] : [])],
    }),
  );
  const findProvider = (): Promise<oidc.Configuration> =>
    discover().catch((error: unknown) => {
      throw unavailable(error);
    });
  return {
    name,
    begin: async (secret, again) => {
      const parameters = {
        redirect_uri: pageUrl,
        scope: "openid email",
        code_challenge: await oidc.calculatePKCECodeChallenge(secret),
        code_challenge_method: "S256",
        state: oidcStateOf(secret),
        nonce: oidcNonceOf(secret),
        // Asked for, a provider says when the person proved who they are.
        max_age: again ? "0" : String(maxAgeMs / 1000),
        ...(again ? { prompt: "login" } : {}),
      };
      return oidc.buildAuthorizationUrl(await findProvider(), parameters).href;
    },
    redeem: async (secret, { authorizationCode, state, issuer: answering }) => {
      const url = new URL(pageUrl);
      url.searchParams.set("code", authorizationCode);
      url.searchParams.set("state", state);
      if (answering !== undefined) url.searchParams.set("iss", answering);
      const provider = await findProvider();
      const checks = {
        pkceCodeVerifier: secret,
        expectedState: oidcStateOf(secret),
        expectedNonce: oidcNonceOf(secret),
        idTokenExpected: true,
      };
      try {
        return await identityOf(provider, await oidc.authorizationCodeGrant(provider, url, checks));
      } catch (error) {
        if (error instanceof Error && error.cause instanceof ProviderAway) throw unavailable(error.cause);
        throw oidcRefused(error);
      }
    },
  };
}

/** As OIDC has it: by the header, unless the provider says that it takes the body alone. */
function authenticationWith(secret: string): oidc.ClientAuth {
  const [byHeader, byBody] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, ...request) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return (methods.includes("client_secret_basic") ? byHeader : byBody)(server, ...request);
  };
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;

/** From the ID token; the address from the provider's user info, where the token does not have it. */
async function identityOf(provider: oidc.Configuration, tokens: Tokens): Promise<ShownIdentity> {
  const idToken = claimsSchema.parse(tokens.claims());
  const { email, email_verified: isVerified } =
    idToken.email === undefined && provider.serverMetadata().userinfo_endpoint !== undefined
      ? await oidc.fetchUserInfo(provider, tokens.access_token, idToken.sub)
      : idToken;
  return {
    issuer: idToken.iss,
    subject: idToken.sub,
    email: emailSchema.safeParse(email).data ?? null,
    isEmailVerified: isVerified === true,
    authenticatedAt: idToken.auth_time === undefined ? null : new Date(idToken.auth_time * 1000),
  };
}

/** It could not be asked, or said that it cannot answer now. */
class ProviderAway extends Error {
  override readonly name = "ProviderAway";
}

/** Bounded in time, connections and size. */
function createFetch(): oidc.CustomFetch {
  const dispatcher = new Agent({
    connections: maxConnections,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: maxAnswerBytes,
  });
  return async (url, { body, ...options }) => {
    const answer = await fetch(url, { ...options, body: body as string, dispatcher }).catch((error: unknown) => {
      throw new ProviderAway("it could not be reached", { cause: error });
    });
    if (answer.status >= 500) throw new ProviderAway(`it answered ${answer.status}`);
    return answer;
  };
}

/** Asked for by one at a time, and again after a failure. */
function cachedFor(nowMs: () => number, ask: () => Promise<oidc.Configuration>): () => Promise<oidc.Configuration> {
  let known: { readonly untilMs: number; readonly answer: Promise<oidc.Configuration> } | null = null;
  return async () => {
    if (known !== null && nowMs() < known.untilMs) return known.answer;
    const asked = { untilMs: nowMs() + metadataLifetimeMs, answer: ask() };
    known = asked;
    try {
      return await asked.answer;
    } catch (error) {
      if (known === asked) known = null;
      throw error;
    }
  };
}
