import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Pool } from "undici";

const maxAnswerBytes = 1024 * 1024;
const wrongKey = /api_key_invalid|API key not valid/i;

/**
 * Reads what costs nothing. A 401 says that the key is wrong, and so does Google's 400; a 403 may mean a key that is restricted
 * to other endpoints, so that only a call can tell.
 */
export async function checkKey(
  pool: Pool,
  path: string,
  credentialHeaders: readonly string[],
  timeoutMs: number,
): Promise<CredentialStatus> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = ["accept", "application/json", ...credentialHeaders];
  try {
    const { statusCode, body } = await pool.request({ path, method: "GET", headers, signal });
    if (statusCode === 400) return wrongKey.test(await body.text()) ? "invalid" : "unverified";
    await body.dump({ limit: maxAnswerBytes, signal });
    if (statusCode === 200) return "valid";
    return statusCode === 401 ? "invalid" : "unverified";
  } catch {
    // No connection, or no answer in time: the provider has said nothing about the key.
    return "unverified";
  }
}
