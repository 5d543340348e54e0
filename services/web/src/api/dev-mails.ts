interface KeptMail {
  readonly subject: string;
  readonly link: string;
}

const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);
const waitMs = 500;
const maxAttempts = 20;

/** On a developer's machine mails are kept instead of being sent. */
export const hasKeptMails = (): boolean => localHosts.has(location.hostname);

/** The newest mail that was kept for an address since then, at most ten seconds after it was asked for; null when there is none, or nothing keeps mails. */
export async function awaitKeptMail(to: string, sinceMs: number, signal: AbortSignal): Promise<KeptMail | null> {
  for (let attempt = 0; attempt < maxAttempts && !signal.aborted; attempt += 1) {
    // It is in no document: it exists on such a machine alone.
    const answer = await fetch(`/api/dev/mails?limit=1&to=${encodeURIComponent(to)}`, { signal });
    if (!answer.ok) return null;
    const { items } = (await answer.json()) as { items: (KeptMail & { readonly at: string })[] };
    const newest = items[0];
    if (newest !== undefined && Date.parse(newest.at) >= sinceMs) return newest;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return null;
}
