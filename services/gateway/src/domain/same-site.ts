interface BrowserHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly "sec-fetch-site"?: string | string[] | undefined;
}

const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether the request may come from a page of our own. Browsers name the page's origin in every request that changes
 * something; who names none is no browser, and nobody can make it send somebody else's cookie.
 */
export function isSameSite(headers: BrowserHeaders, publicUrl: string): boolean {
  const { origin, host } = headers;
  if (origin === undefined) {
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "same-origin" || site === "none";
  }
  if (origin === publicUrl) return true;
  // On a developer's machine the site has several names.
  const page = URL.parse(origin);
  return (
    localHosts.has(new URL(publicUrl).hostname) && page !== null && localHosts.has(page.hostname) && page.host === host
  );
}
