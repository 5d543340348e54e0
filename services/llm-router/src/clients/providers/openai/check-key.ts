import type { Secret } from "@topdog/config/secret";
import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Pool } from "undici";

const maxAnswerBytes = 1024 * 1024;

/**
 * Lists models, which costs nothing. A 401 says that the key is wrong; a 403 may mean a key that is restricted to other
 * endpoints, so that only a call can tell.
 */
export async function checkKey(
  pool: Pool,
  path: string,
  credential: Secret,
  timeoutMs: number,
): Promise<CredentialStatus> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { accept: "application/json", authorization: `Bearer ${credential.reveal()}` };
  try {
    const { statusCode, body } = await pool.request({ path, method: "GET", headers, signal });
    await body.dump({ limit: maxAnswerBytes, signal });
    if (statusCode === 200) return "valid";
    return statusCode === 401 ? "invalid" : "unverified";
  } catch {
    // No connection, or no answer in time: the provider has said nothing about the key.
    return "unverified";
  }
}
