import { createHash } from "node:crypto";

/** The names of our cookies: two of a session, and one of a sign-in by OIDC that is under way. */
export interface SessionCookies {
  /** Holds the session's token; no script can read it. */
  readonly session: string;
  /** Holds the token that a page's script must repeat in the header `csrfHeaderName`. */
  readonly csrf: string;
  /** Holds the secret of a sign-in that the OIDC provider is asked for: who has it alone can end it. */
  readonly oidc: string;
}

/** The prefix lets a cookie come only from this very host, over TLS. */
export const secureCookies: SessionCookies = {
  session: "__Host-topdog_session",
  csrf: "__Host-topdog_csrf",
  oidc: "__Host-topdog_oidc",
};
/** Browsers refuse the prefix over plain http: for a developer's own machine alone. */
const plainCookies: SessionCookies = { session: "topdog_session", csrf: "topdog_csrf", oidc: "topdog_oidc" };

export const isSecureUrl = (publicUrl: string): boolean => publicUrl.startsWith("https:");

export const cookiesOf = (publicUrl: string): SessionCookies => (isSecureUrl(publicUrl) ? secureCookies : plainCookies);

/** What is sent there ends a sign-in by OIDC: no other request takes its cookie past the gateway. */
export const oidcCookiePaths: readonly string[] = ["/api/auth/oidc/sign-in", "/api/auth/identities"];

/** The value of the first cookie with this name; undefined when there is none. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** What a state-changing request by session must carry. */
export const csrfHeaderName = "x-csrf-token";

/** Follows from the session's token, so nobody stores it; it does not tell the token. */
export const csrfTokenOf = (sessionToken: string): string =>
  createHash("sha256").update(`csrf:${sessionToken}`).digest("base64url");
