import { createHash } from "node:crypto";

/** The names of a session's two cookies. */
export interface SessionCookies {
  /** Holds the session's token; no script can read it. */
  readonly session: string;
  /** Holds the token that a page's script must repeat in the header `csrfHeaderName`. */
  readonly csrf: string;
}

/** The prefix lets a cookie come only from this very host, over TLS. */
export const secureCookies: SessionCookies = { session: "__Host-topdog_session", csrf: "__Host-topdog_csrf" };
/** Browsers refuse the prefix over plain http: for a developer's own machine alone. */
const plainCookies: SessionCookies = { session: "topdog_session", csrf: "topdog_csrf" };

export const isSecureUrl = (publicUrl: string): boolean => publicUrl.startsWith("https:");

export const cookiesOf = (publicUrl: string): SessionCookies => (isSecureUrl(publicUrl) ? secureCookies : plainCookies);

/** What a state-changing request by session must carry. */
export const csrfHeaderName = "x-csrf-token";

/** Follows from the session's token, so nobody stores it; it does not tell the token. */
export const csrfTokenOf = (sessionToken: string): string =>
  createHash("sha256").update(`csrf:${sessionToken}`).digest("base64url");
