import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Adapter, type AdapterPayload, Provider } from "oidc-provider";
import { fetch, Headers } from "undici";

/** Somebody with an account there. */
export interface ProviderPerson {
  readonly email?: string;
  readonly isVerified?: boolean;
  /** When they proved who they are; left out: now. */
  readonly provedAt?: Date;
}

export interface TestOidcProvider {
  readonly issuer: string;
  readonly clientSecret: string;
  /** What a service needs to send people there. */
  readonly env: Readonly<Record<string, string>>;
  /** By their id there, which signs them in without more. */
  readonly people: Map<string, ProviderPerson>;
  /** Goes to the address as a browser of this person, until the provider sends it back: with what. */
  visit(url: string, personId: string): Promise<URLSearchParams>;
  /** Every token that it gave. */
  readonly given: readonly string[];
  /** While true every request is answered 500. */
  isAway: boolean;
  /** While true it does as Google does: it asks nobody again, and does not say when they proved who they are. */
  isSilentOnTime: boolean;
  stop(): Promise<void>;
}

const clientId = "topdog-of-the-tests";
const maxSteps = 10;
const ttlSeconds = 3_600;

/** A real OIDC provider, for sites that are reached at `siteUrl`. `claimsIn`: where it names the address. */
export async function startOidcProvider(
  siteUrl: string,
  { claimsIn = "ID token", port = 0 }: { readonly claimsIn?: "ID token" | "user info"; readonly port?: number } = {},
): Promise<TestOidcProvider> {
  const clientSecret = randomBytes(24).toString("base64url");
  const people = new Map<string, ProviderPerson>();
  const handler: { handle: (req: IncomingMessage, res: ServerResponse) => void } = { handle: (_, res) => res.end() };
  const server = createServer((req, res) => handler.handle(req, res));
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createProvider(issuer, { siteUrl, clientSecret, people, claimsIn });
  const given: string[] = [];
  provider.on("grant.success", ({ body }: { body?: unknown }) => {
    given.push(...Object.values(body as object).filter((one) => typeof one === "string" && one.length > 20));
  });
  const callback = provider.callback();
  const started: TestOidcProvider = {
    issuer,
    clientSecret,
    env: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
      OIDC_NAME: "Kennel ID",
    },
    people,
    given,
    visit: (url, personId) => visit(url, personId, siteUrl),
    isAway: false,
    isSilentOnTime: false,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  handler.handle = (req, res) => {
    if (started.isAway) res.writeHead(500).end();
    else if (req.url?.startsWith("/interaction/") === true) void interact(provider, people, req, res);
    else void callback(started.isSilentOnTime ? withoutTime(req) : req, res);
  };
  return started;
}

/** The request as it is when it does not ask for a fresh proof of who somebody is. */
function withoutTime(req: IncomingMessage): IncomingMessage {
  const url = new URL(req.url ?? "/", "http://provider.invalid");
  for (const name of ["max_age", "prompt"]) url.searchParams.delete(name);
  req.url = url.pathname + url.search;
  return req;
}

interface ProviderSettings {
  readonly siteUrl: string;
  readonly clientSecret: string;
  readonly people: ReadonlyMap<string, ProviderPerson>;
  readonly claimsIn: "ID token" | "user info";
}

function createProvider(issuer: string, { siteUrl, clientSecret, people, claimsIn }: ProviderSettings): Provider {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...privateKey.export({ format: "jwk" }), kid: "of-the-tests", use: "sig", alg: "RS256" };
  return new Provider(issuer, {
    adapter: createAdapters(),
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [`${siteUrl}/oidc`] }],
    jwks: { keys: [jwk] },
    cookies: { keys: [randomBytes(24).toString("hex")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: claimsIn === "user info",
    ttl: {
      Interaction: ttlSeconds,
      Grant: ttlSeconds,
      Session: ttlSeconds,
      AccessToken: ttlSeconds,
      IdToken: ttlSeconds,
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => {
      const person = people.get(accountId);
      if (person === undefined) return undefined;
      const { email, isVerified = true } = person;
      const address = email === undefined ? {} : { email, email_verified: isVerified };
      return { accountId, claims: async () => ({ sub: accountId, ...address }) };
    },
    // Nobody is asked for consent.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client?.clientId ?? "",
        accountId: ctx.oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
}

/** What it knows, in memory: its own store of this kind warns of itself at each start. */
function createAdapters(): (name: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  const find = (name: string, fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
    [...stored].find(([key, payload]) => key.startsWith(`${name}:`) && fits(payload))?.[1];
  return (name) => ({
    upsert: async (id, payload) => void stored.set(`${name}:${id}`, payload),
    find: async (id) => stored.get(`${name}:${id}`),
    findByUid: async (uid) => find(name, (payload) => payload.uid === uid),
    findByUserCode: async (code) => find(name, (payload) => payload.userCode === code),
    consume: async (id) => {
      const payload = stored.get(`${name}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => void stored.delete(`${name}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    },
  });
}

const form = `<!doctype html><title>Kennel ID</title><form method="post"><label>Who are you?<input name="login" /></label><button>Sign in</button></form>`;

/** Asks who it is, unless the address says it. */
async function interact(
  provider: Provider,
  people: ReadonlyMap<string, ProviderPerson>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(req, res);
  const hint = params["login_hint"];
  const typed = req.method === "POST" ? new URLSearchParams(await text(req)).get("login") : null;
  const accountId = typeof hint === "string" ? hint : typed;
  if (accountId === null) return void res.writeHead(200, { "content-type": "text/html" }).end(form);
  const provedAt = people.get(accountId)?.provedAt;
  const ts = provedAt === undefined ? {} : { ts: Math.floor(provedAt.getTime() / 1000) };
  const result = accountId === "declines" ? { error: "access_denied" } : { login: { accountId, ...ts } };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

async function visit(from: string, personId: string, siteUrl: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let url = new URL(from);
  url.searchParams.set("login_hint", personId);
  for (let step = 0; step < maxSteps; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: new Headers({ cookie }) });
    await answer.arrayBuffer();
    for (const line of answer.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";", 1)[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) throw new Error(`the provider answered ${answer.status}`);
    url = new URL(location, url);
    if (url.href.startsWith(`${siteUrl}/oidc?`)) return url.searchParams;
  }
  throw new Error("the provider sends from page to page");
}
