import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { createKeyring, createVaultKeys, vaultKeysField } from "../src/keyring.ts";
import { testKeyWrapper } from "./key-wrapper-contract.ts";

const keysOf = (text: string) => vaultKeysField.parse(text);
const context = { id: "cred_1" };

describe("the keyring of the environment", () => {
  testKeyWrapper(() => createKeyring(keysOf(createVaultKeys("k1"))));

  test("wraps with its first key and unwraps with any", async () => {
    const old = createVaultKeys("2025");
    const wrapped = await createKeyring(keysOf(old)).wrap(Buffer.alloc(32, 7), context);
    const both = createKeyring(keysOf(createVaultKeys("2026", old)));
    expect(both.currentKid).toBe("2026");
    expect((await both.wrap(Buffer.alloc(32), context)).kid).toBe("2026");
    expect((await both.unwrap(wrapped, context)).equals(Buffer.alloc(32, 7))).toBe(true);
  });

  test("a wrapped key that is too short for a key is refused", async () => {
    const keys = createKeyring(keysOf(createVaultKeys("k1")));
    const wrapped = await keys.wrap(Buffer.alloc(31), context);
    await expect(keys.unwrap(wrapped, context)).rejects.toMatchObject({ failure: "malformed" });
  });

  const key = { kty: "oct", kid: "k1", k: Buffer.from("0123456789abcdefghijklmnopqrstuv").toString("base64url") };
  test.each([
    ["no JSON", "x"],
    ["no key", JSON.stringify({ keys: [] })],
    ["a short key", JSON.stringify({ keys: [{ ...key, k: "c2hvcnQ" }] })],
    ["a key of zeros", JSON.stringify({ keys: [{ ...key, k: Buffer.alloc(32).toString("base64url") }] })],
    ["a kid twice", JSON.stringify({ keys: [key, key] })],
    ["another kind of key", JSON.stringify({ keys: [{ ...key, kty: "RSA" }] })],
    ["a member that is not known", JSON.stringify({ keys: [{ ...key, use: "enc" }] })],
  ])("%s is refused without repeating the text", (_what, text) => {
    const parsed = vaultKeysField.safeParse(text);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error)).not.toContain(key.k);
  });

  test("printing keys shows none of them", () => {
    const text = JSON.stringify({ keys: [key] });
    const keys = keysOf(text);
    const printed = [inspect(keys, { depth: 9, showHidden: true }), JSON.stringify(keys)].join();
    expect(printed).not.toContain(key.k);
    expect(printed).not.toContain("0123456789");
  });
});
