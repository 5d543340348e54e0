import type { SealedCredential } from "@topdog/contracts/byok";
import { checkCredential } from "@topdog/contracts/rpc/check-credential";
import { serveRpc } from "@topdog/messaging/rpc";
import { silentLogger } from "@topdog/testing/logger";
import { sessionOf, type Answer } from "@topdog/testing/account-call";
import { vaultEnv } from "@topdog/testing/vault-env";
import { open } from "@topdog/vault/envelope";
import { createKeyring, vaultKeysField } from "@topdog/vault/keyring";
import { type Registry, startRegistry } from "./start-registry.ts";

export const keyring = createKeyring(vaultKeysField.parse(vaultEnv.VAULT_KEYS));

export interface ByokRig extends Registry {
  /** As a person who has just signed in. */
  as(userId: string, method: string, path: string, body?: unknown): Promise<Answer>;
  add(userId: string, key: string, more?: object): Promise<Answer>;
}

let keys = 0;
/** The provider of these tests accepts keys with `good` in them. */
export const newKey = (kind: "good" | "bad" = "good"): string => `sk-canary-${kind}-${(keys += 1)}-0123456789`;

/** The service, and on its bus what a router does: it opens an envelope and says what the provider would. */
export async function startByok(): Promise<ByokRig> {
  const registry = await startRegistry();
  const router = await registry.nats.busOf("llm-router");
  const checks = serveRpc(router, checkCredential, {
    maxInFlight: 100,
    logger: silentLogger(),
    handle: async ({ credential }) => ({ result: await verdictOn(credential) }),
  });
  await router.nc.flush();
  const as: ByokRig["as"] = (userId, method, path, body) => registry.call(method, path, sessionOf(userId), body);
  return {
    ...registry,
    as,
    add: (userId, key, more = {}) => as(userId, "POST", "/api/byok", { provider: "openai", key, ...more }),
    stop: async () => {
      await checks.stop();
      await registry.stop();
    },
  };
}

async function verdictOn(credential: SealedCredential) {
  if (credential.provider === "nobody") return "unsupported";
  const secret = await open(keyring, credential.envelope, { ...credential, owner: credential.addedBy });
  return secret.reveal().includes("good") ? "valid" : "invalid";
}
