import { createHmac } from "node:crypto";

/** HMAC-SHA-256 of a secret within its tenant, hex. */
export const fingerprintWith =
  (key: string) =>
  (tenant: string, provider: string, secret: string): string =>
    createHmac("sha256", key)
      .update(JSON.stringify([tenant, provider, secret]))
      .digest("hex");
