import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Agent, Pool } from "undici";
import { readMeaning } from "../../domain/refusal-meaning.ts";
import type { RefusalReader } from "./http-api.ts";

interface KeyCheck {
  readonly origin: string;
  readonly path: string;
  /** Those of the credential; names and values alternate. */
  readonly headers: readonly string[];
  readonly readRefusal: RefusalReader;
  readonly timeoutMs: number;
}

const maxAnswerBytes = 1024 * 1024;

/**
 * Reads what costs nothing. A refusal that means the credential says that it is wrong; another may mean one that is restricted to other
 * endpoints, so that only a call can tell.
 */
export async function checkKey(
  pool: Pool | Agent,
  { origin, path, headers, readRefusal, timeoutMs }: KeyCheck,
): Promise<CredentialStatus> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await pool.request({
      origin,
      path,
      method: "GET",
      headers: ["accept", "application/json", ...headers],
      signal,
    });
    const { statusCode: status, body } = answer;
    if (status < 400 || status >= 500) {
      await body.dump({ limit: maxAnswerBytes, signal });
      return status === 200 ? "valid" : "unverified";
    }
    const refusal = readRefusal(Buffer.from(await body.arrayBuffer()), answer.headers);
    return readMeaning(status, refusal).meaning === "credential" ? "invalid" : "unverified";
  } catch {
    // No connection, or no answer in time: the provider has said nothing about the key.
    return "unverified";
  }
}
