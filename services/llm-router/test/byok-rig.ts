import type { CredentialFact } from "@topdog/contracts/events/credential-events";
import { credentialRevoked } from "@topdog/contracts/events/credential-events";
import { type ListedCredential, listCredentials } from "@topdog/contracts/rpc/list-credentials";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { Secret } from "@topdog/config/secret";
import { publishEvent } from "@topdog/messaging/publish";
import { serveRpc } from "@topdog/messaging/rpc";
import type { Bus } from "@topdog/messaging/connect";
import { silentLogger } from "@topdog/testing/logger";
import { vaultEnv } from "@topdog/testing/vault-env";
import { seal } from "@topdog/vault/envelope";
import { createKeyring, vaultKeysField } from "@topdog/vault/keyring";

export const keyring = createKeyring(vaultKeysField.parse(vaultEnv.VAULT_KEYS));

interface Held {
  credentials: ListedCredential[];
  fallback: boolean;
}

/** What org-registry holds, and answers on the bus. */
export interface Vault {
  readonly bus: Bus;
  readonly held: Map<string, Held>;
  asked: number;
  add(tenant: string, provider: string, key: string, more?: Partial<ListedCredential>): Promise<ListedCredential>;
  revoke(tenant: string, id: string): Promise<void>;
  stop(): Promise<void>;
}

let ids = 0;

export async function startVault(bus: Bus): Promise<Vault> {
  const held = new Map<string, Held>();
  const answers = serveRpc(bus, listCredentials, {
    maxInFlight: 100,
    logger: silentLogger(),
    handle: async ({ tenant, skip }) => {
      vault.asked += 1;
      const { credentials, fallback } = held.get(tenant) ?? { credentials: [], fallback: false };
      return { credentials: credentials.slice(skip, skip + 2), hasMore: credentials.length > skip + 2, fallback };
    },
  });
  await bus.nc.flush();
  const vault: Vault = {
    bus,
    held,
    asked: 0,
    async add(tenant, provider, key, more = {}) {
      ids += 1;
      const bound = { id: `cred_${ids}`, addedBy: "usr_1", provider, version: 1 };
      const envelope = await seal(keyring, Secret.of(key), { ...bound, tenant, owner: bound.addedBy });
      const open = { status: "valid", allowedModels: null, allowedMembers: null } as const;
      const credential = { ...bound, ...open, envelope, ...more };
      const known = held.get(tenant) ?? { credentials: [], fallback: false };
      held.set(tenant, { ...known, credentials: [...known.credentials, credential] });
      return credential;
    },
    async revoke(tenant, id) {
      const known = held.get(tenant)!;
      held.set(tenant, { ...known, credentials: known.credentials.filter((one) => one.id !== id) });
      const fact: CredentialFact = {
        credentialId: id,
        tenant,
        provider: "up-0",
        version: 1,
        at: new Date().toISOString(),
      };
      await publishEvent(bus, credentialRevoked, fact, { id: `revoke-${id}` });
    },
    stop: () => answers.stop(),
  };
  return vault;
}

/** A user, in an org if one is named, whose tenants have credentials. */
export const callerOf = (userId: string, tenants: string[], orgId: string | null = null): Principal => ({
  keyId: "key_1",
  userId,
  orgId,
  role: orgId === null ? null : "member",
  scopes: ["llm"],
  restrictions: null,
  buckets: { personal: orgId === null ? `user:${userId}` : `seat:${orgId}:${userId}`, org: null },
  byok: { scope: orgId === null ? "user" : "org", used: 1, capacity: 3, tenants },
});
