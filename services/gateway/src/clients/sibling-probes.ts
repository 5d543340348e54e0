import { request } from "undici";

const timeoutMs = 2_000;

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(new URL("/readyz", url), {
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      reset: true,
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    // Away, or too slow to be of use: that is the answer.
    return false;
  }
}

/** Whether some instance of a sibling takes requests. */
export async function probeSibling(urls: readonly string[]): Promise<boolean> {
  return (await Promise.all(urls.map(isReady))).some(Boolean);
}
