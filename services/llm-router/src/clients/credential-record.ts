import type { Secret } from "@topdog/config/secret";

/** A key of an account at a provider, and whose account it is. What fails because of it rests it alone. */
export interface CredentialRecord {
  /** Its name wherever it rests: `platform:openai`; unique among all of them, and no secret. */
  readonly id: string;
  readonly owner: "platform" | "user" | "org";
  /** Null for a provider that wants none. */
  readonly secret: Secret | null;
}

export const platformCredential = (upstreamId: string, secret: Secret | null): CredentialRecord => ({
  id: `platform:${upstreamId}`,
  owner: "platform",
  secret,
});
