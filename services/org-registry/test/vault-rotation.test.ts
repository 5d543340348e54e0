import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { callRpc } from "@topdog/messaging/rpc";
import { vaultEnv } from "@topdog/testing/vault-env";
import { open } from "@topdog/vault/envelope";
import { createKeyring, createVaultKeys, vaultKeysField } from "@topdog/vault/keyring";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import { type RewrapProgress, rewrapCredentials } from "../src/usecases/rewrap-credentials.ts";
import { someUser } from "./arrange.ts";
import { type ByokRig, newKey, startByok } from "./byok-rig.ts";

/** As every service has it during a rotation: both keys, the newer one in use. */
const both = createKeyring(vaultKeysField.parse(createVaultKeys("newer", vaultEnv.VAULT_KEYS)));

let byok: ByokRig;
beforeAll(async () => {
  byok = await startByok();
});
afterAll(() => byok.stop());

test("a rotation of the key-encryption key that is cut goes on where it was; whoever reads meanwhile always gets what opens", async () => {
  const secrets = new Map<string, string>();
  for (let index = 0; index < 6; index += 1) {
    const [userId, key] = [await someUser(byok.deps), newKey()];
    await byok.add(userId, key);
    secrets.set(`user:${userId}`, key);
  }
  const router = await byok.nats.busOf("llm-router");
  let reads = 0;
  const rotation = { isOver: false };
  const readAll = async (): Promise<void> => {
    for (const [tenant, secret] of secrets) {
      const { credentials } = await callRpc(router, listCredentials, { tenant, skip: 0 }, { timeoutMs: 5000 });
      const { envelope, ...one } = credentials[0]!;
      expect((await open(both, envelope!, { ...one, tenant, owner: one.addedBy })).reveal()).toBe(secret);
      reads += 1;
    }
  };
  const reading = (async () => {
    while (!rotation.isOver) await readAll();
  })();

  let wraps = 0;
  const cut: KeyWrapper = {
    ...both,
    wrap: async (...args) => {
      wraps += 1;
      if (wraps > 3) throw new Error("cut");
      return both.wrap(...args);
    },
  };
  await expect(rewrapCredentials({ db: byok.db, vault: cut, batchSize: 2 }, () => undefined)).rejects.toThrow("cut");
  const progress: RewrapProgress[] = [];
  const end = await rewrapCredentials({ db: byok.db, vault: both, batchSize: 2 }, (one) => progress.push(one));
  rotation.isOver = true;
  await reading;
  await readAll();

  expect(end).toEqual({ done: 6, total: 6 });
  expect(progress.map(({ done }) => done)).toEqual([2, 4, 6]);
  expect(reads).toBeGreaterThan(6);
  const { rows } = await byok.db.raw<{ rows: { kid: string }[] }>("select distinct kid from credential");
  expect(rows).toEqual([{ kid: "newer" }]);
  expect(await rewrapCredentials({ db: byok.db, vault: both, batchSize: 2 }, () => undefined)).toEqual(end);
});
