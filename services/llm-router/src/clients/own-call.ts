import { randomUUID } from "node:crypto";
import type { Secret } from "@topdog/config/secret";
import type { Dialect } from "@topdog/dialects/dialect";
import type { OpenCall, Provider } from "./providers/provider.ts";

/** A call of the platform's own, at its cost and on nobody's account. */
export function openOwnCall(
  provider: Provider,
  dialect: Dialect,
  body: Buffer,
  { credential, timeoutMs }: { readonly credential: Secret | null; readonly timeoutMs: number },
): OpenCall {
  const call = {
    format: dialect,
    request: dialect.readRequest(body),
    headers: [],
    requestId: `probe_${randomUUID()}`,
    firstContentTimeoutMs: timeoutMs,
    interChunkTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
  };
  return provider.open(call, credential);
}
