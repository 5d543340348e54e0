import type { ServerResponse } from "node:http";
import { corsHeaders, type CorsPolicy } from "../domain/cors.ts";

/** Lets a browser's page read the answer, if its origin may call. */
export function allowOrigin(policy: CorsPolicy, origin: string, res: ServerResponse): void {
  for (const [name, value] of corsHeaders(policy, origin)) res.setHeader(name, value);
}
