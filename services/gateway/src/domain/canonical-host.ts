const legacyHost = /^(?:www\.)?q-ide\./;
/** Probes, the APIs and operators' paths answer under whatever name they are reached by. */
const neverRedirected = /^\/(?:api|v1|health|livez|readyz|metrics|consistency)(?:[/?]|$)/;

/** The host of a Host header, in lower case, without its port and the dot that may end a whole name. */
const hostOf = (header: string): string => header.replace(/\.?(?::\d+)?$/, "").toLowerCase();

/** Path and query of what is asked for: what came through a proxy may name the whole address. */
function pathAndQueryOf(url: string): string {
  if (url.startsWith("/")) return url;
  const whole = URL.parse(url);
  return whole === null ? "/" : `${whole.pathname}${whole.search}`;
}

/**
 * Where a request to an old name of the site belongs; null when it is served as it came. Only the names that are known are
 * redirected: an address, a cluster's own name or a probe's host never is.
 */
export function canonicalTarget(publicUrl: string, host: string | undefined, url: string): string | null {
  const path = pathAndQueryOf(url);
  if (host === undefined || neverRedirected.test(path)) return null;
  const name = hostOf(host);
  const canonical = new URL(publicUrl).hostname;
  if (name === canonical) return null;
  return name === `www.${canonical}` || legacyHost.test(name) ? `${publicUrl}${path}` : null;
}
