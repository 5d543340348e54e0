import { expect } from "@jest/globals";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { startOidcProvider, type TestOidcProvider } from "@topdog/testing/oidc-provider";
import type { SessionCaller, Visitor } from "@topdog/contracts/account-call";
import { codeOf as totpCodeOf } from "../src/store/totp-code.ts";
import { fromBase32 } from "./base32.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

export const site = "https://topdog.example";

/** What a browser has after the provider sent it back. */
export interface Returned {
  readonly cookie: string;
  readonly answer: { authorizationCode: string; state: string; issuer?: string };
}

export interface OidcRig {
  readonly provider: TestOidcProvider;
  readonly registry: Registry;
  /** Added to the service's clock. */
  skewMs: number;
  /** Begins and goes to the provider as this person. */
  /** `changed`: what somebody on the way put into the address that the browser was sent to. */
  goAs(personId: string, changed?: Readonly<Record<string, string>>): Promise<Returned>;
  goToLink(userId: string, personId: string): Promise<Returned>;
  signIn(returned: Returned, more?: { readonly code?: string }): Promise<Answer>;
  link(userId: string, returned: Returned): Promise<Answer>;
  stop(): Promise<void>;
}

let addresses = 0;
/** Each from an address of their own. */
export const visitor = (): Visitor => {
  addresses += 1;
  return { kind: "visitor", address: `198.51.${addresses >> 8}.${addresses % 256}`, userAgent: "a browser" };
};

export const codeOf = ({ status, body }: Answer): unknown[] => [status, body["code"]];

/** Sets up an authenticator app; its recovery codes stand for what it shows. */
export async function addTotp(registry: Registry, userId: string): Promise<string[]> {
  const { body } = await registry.call("POST", "/api/auth/totp", sessionOf(userId));
  const secret = fromBase32(new URL(String(body["uri"])).searchParams.get("secret") ?? "");
  const code = totpCodeOf(secret, Math.floor(Date.now() / 30_000));
  const confirmed = await registry.call("POST", "/api/auth/totp/confirm", sessionOf(userId), { code });
  return confirmed.body["recoveryCodes"] as string[];
}

export async function startOidcRig(settings: Parameters<typeof startOidcProvider>[1] = {}): Promise<OidcRig> {
  const provider = await startOidcProvider(site, settings);
  const clock = { skewMs: 0 };
  const registry = await startRegistry(
    { PUBLIC_URL: site, ...provider.env },
    { nowMs: () => Date.now() + clock.skewMs },
  );
  const go = async (
    as: Visitor | SessionCaller,
    path: string,
    personId: string,
    changed: Readonly<Record<string, string>> = {},
  ): Promise<Returned> => {
    const begun = await registry.call("POST", path, as, {});
    expect(codeOf(begun)).toEqual([200, undefined]);
    const [cookie = ""] = (begun.setCookies[0] ?? "").split(";", 1);
    const url = new URL(String(begun.body["url"]));
    for (const [name, value] of Object.entries(changed)) url.searchParams.set(name, value);
    const back = await provider.visit(url.href, personId);
    const issuer = back.get("iss");
    const answer = { authorizationCode: back.get("code") ?? "", state: back.get("state") ?? "" };
    return { cookie, answer: { ...answer, ...(issuer === null ? {} : { issuer }) } };
  };
  return Object.assign(clock, {
    provider,
    registry,
    goAs: (personId: string, changed?: Readonly<Record<string, string>>) =>
      go(visitor(), "/api/auth/oidc/start", personId, changed),
    goToLink: (userId: string, personId: string) => go(sessionOf(userId), "/api/auth/identities/start", personId),
    signIn: ({ cookie, answer }: Returned, more: { code?: string } = {}) =>
      registry.call("POST", "/api/auth/oidc/sign-in", visitor(), { ...answer, ...more }, { cookie }),
    link: (userId: string, { cookie, answer }: Returned) =>
      registry.call("POST", "/api/auth/identities", sessionOf(userId), answer, { cookie }),
    stop: async () => {
      await registry.stop();
      await provider.stop();
    },
  });
}
