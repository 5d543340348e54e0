import { hkdfSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { callRpc } from "@topdog/messaging/rpc";
import { vaultEnv } from "@topdog/testing/vault-env";
import { encrypt, keyBytes } from "@topdog/vault/aead";
import { open } from "@topdog/vault/envelope";
import { createKeyring, createVaultKeys, vaultKeysField } from "@topdog/vault/keyring";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import { findTotp } from "../src/store/totp.ts";
import { createTotpSecrets } from "../src/store/totp-secrets.ts";
import { rewrapTotp } from "../src/usecases/rewrap-totp.ts";
import { type RewrapProgress, rewrapCredentials } from "../src/usecases/rewrap-credentials.ts";
import { someUser } from "./arrange.ts";
import { type ByokRig, keyring, newKey, startByok } from "./byok-rig.ts";

/** As every service has it during a rotation: both keys, the newer one in use. */
const newer = createKeyring(vaultKeysField.parse(createVaultKeys("newer", vaultEnv.VAULT_KEYS)));

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
      const { credentials } = await callRpc(router, listCredentials, { tenant, skip: 0 }, { timeoutMs: 30_000 });
      const { envelope, ...one } = credentials[0]!;
      expect((await open(newer, envelope!, { ...one, tenant, owner: one.addedBy })).reveal()).toBe(secret);
      reads += 1;
    }
  };
  const reading = (async () => {
    while (!rotation.isOver) await readAll();
  })();

  let wraps = 0;
  const cut: KeyWrapper = {
    ...newer,
    wrap: async (...args) => {
      wraps += 1;
      if (wraps > 3) throw new Error("cut");
      return newer.wrap(...args);
    },
  };
  await expect(rewrapCredentials({ db: byok.db, vault: cut, batchSize: 2 }, () => undefined)).rejects.toThrow("cut");
  const progress: RewrapProgress[] = [];
  const end = await rewrapCredentials({ db: byok.db, vault: newer, batchSize: 2 }, (one) => progress.push(one));
  rotation.isOver = true;
  await reading;
  await readAll();

  expect(end).toEqual({ done: 6, total: 6 });
  expect(progress.map(({ done }) => done)).toEqual([2, 4, 6]);
  expect(reads).toBeGreaterThan(6);
  const { rows } = await byok.db.raw<{ rows: { kid: string }[] }>("select distinct kid from credential");
  expect(rows).toEqual([{ kid: "newer" }]);
  expect(await rewrapCredentials({ db: byok.db, vault: newer, batchSize: 2 }, () => undefined)).toEqual(end);
});

test("the secrets of authenticator apps move with it, also those of before the vault sealed them", async () => {
  const oldSecret = Secret.of("a secret of at least thirty-two characters");
  const oldKey = Buffer.from(hkdfSync("sha256", oldSecret.reveal(), "", "topdog totp secrets v1", keyBytes));
  const [before, sealed] = [await someUser(byok.deps), await someUser(byok.deps)];
  const secrets = createTotpSecrets(keyring, undefined);
  const envelope = await secrets.seal("beef", sealed);
  await byok.db("totp").insert([
    { user_id: before, sealed_secret: encrypt(oldKey, Buffer.from("cafe"), Buffer.from(before)) },
    { user_id: sealed, kid: envelope.kid, wrapped: envelope.wrapped, sealed_secret: envelope.sealed },
  ]);
  const stored = (userId: string) => byok.db.transaction(async (trx) => (await findTotp(trx, userId))!.secret);
  await expect(secrets.open(await stored(before), before)).rejects.toThrow("AUTH_SECRET");
  const both = createTotpSecrets(newer, oldSecret);
  expect(await both.open(await stored(before), before)).toBe("cafe");
  const { db } = byok.deps;
  const end = await rewrapTotp({ db, totpSecrets: both, batchSize: 1 }, () => undefined);
  expect(end).toEqual({ done: 2, total: 2 });
  const alone = createTotpSecrets(newer, undefined);
  expect(await alone.open(await stored(before), before)).toBe("cafe");
  expect(await alone.open(await stored(sealed), sealed)).toBe("beef");
  await expect(alone.open(await stored(sealed), before)).rejects.toMatchObject({ failure: "not_authentic" });
});
