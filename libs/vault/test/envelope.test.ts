import { expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import fc from "fast-check";
import { type Binding, maxSecretBytes, open, rewrap, seal } from "../src/envelope.ts";
import { createKeyring, createVaultKeys, vaultKeysField } from "../src/keyring.ts";

const oldKeys = createVaultKeys("2025");
const keyringOf = (text: string) => createKeyring(vaultKeysField.parse(text));
const keys = keyringOf(oldKeys);
const binding: Binding = { tenant: "org:org_1", owner: "usr_1", id: "cred_1", provider: "openai", version: 1 };

const someBinding: fc.Arbitrary<Binding> = fc.record({
  tenant: fc.constantFrom("user:a", "org:a", "org:b"),
  owner: fc.constantFrom("a", "b"),
  id: fc.constantFrom("a", "b", "cred_1"),
  provider: fc.constantFrom("openai", "anthropic"),
  version: fc.integer({ min: 1, max: 3 }),
});
const someSecret = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });

test("any secret comes back as it was, for its own record and for no other", async () => {
  await fc.assert(
    fc.asyncProperty(someSecret, someBinding, someBinding, async (text, mine, other) => {
      const envelope = await seal(keys, Secret.of(text), mine);
      expect((await open(keys, envelope, mine)).reveal()).toBe(text);
      const same = JSON.stringify(mine) === JSON.stringify(other);
      const opened = open(keys, envelope, other);
      if (same) expect((await opened).reveal()).toBe(text);
      else await expect(opened).rejects.toMatchObject({ failure: "not_authentic" });
    }),
  );
});

test("an envelope with any byte changed, cut or added does not open, and says nothing of the secret", async () => {
  const secret = "sk-canary-0123456789";
  const envelope = await seal(keys, Secret.of(secret), binding);
  const part = fc.constantFrom("wrapped" as const, "sealed" as const);
  await fc.assert(
    fc.asyncProperty(part, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(2), async (name, where, flip, how) => {
      const bytes = Buffer.from(envelope[name], "base64url");
      const at = where % bytes.length;
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ flip;
      const other = [changed, bytes.subarray(0, at), Buffer.concat([bytes, Buffer.from([flip])])][how]!;
      const error: unknown = await open(keys, { ...envelope, [name]: other.toString("base64url") }, binding).catch(
        (error_: unknown) => error_,
      );
      expect(error).toMatchObject({ name: "VaultError" });
      expect(String(error)).not.toContain("sk-");
    }),
  );
});

test("text that only looks like the same bytes is refused", async () => {
  const envelope = await seal(keys, Secret.of("abc"), binding);
  for (const sealed of [`${envelope.sealed}=`, `${envelope.sealed}\n`, ` ${envelope.sealed}`, ""]) {
    await expect(open(keys, { ...envelope, sealed }, binding)).rejects.toMatchObject({ failure: "malformed" });
  }
});

test("the layers of two envelopes cannot be mixed", async () => {
  const [one, two] = [await seal(keys, Secret.of("one"), binding), await seal(keys, Secret.of("two"), binding)];
  await expect(open(keys, { ...one, sealed: two.sealed }, binding)).rejects.toMatchObject({ failure: "not_authentic" });
});

test("no nonce and no data key is used twice", async () => {
  const envelopes = await Promise.all(Array.from({ length: 2000 }, () => seal(keys, Secret.of("same"), binding)));
  const nonceOf = (text: string): string => Buffer.from(text, "base64url").subarray(0, 12).toString("hex");
  expect(new Set(envelopes.flatMap(({ sealed, wrapped }) => [nonceOf(sealed), nonceOf(wrapped)])).size).toBe(4000);
  expect(new Set(envelopes.map(({ sealed }) => sealed.slice(-40))).size).toBe(2000);
});

test("rewrapping moves an envelope to the current key; the sealed secret and its binding stay", async () => {
  const both = keyringOf(createVaultKeys("2026", oldKeys));
  const before = await seal(keys, Secret.of("kept"), binding);
  const after = await rewrap(both, before, binding);
  expect([after.kid, after.sealed]).toEqual(["2026", before.sealed]);
  expect((await open(both, after, binding)).reveal()).toBe("kept");
  await expect(open(both, after, { ...binding, version: 2 })).rejects.toMatchObject({ failure: "not_authentic" });
  await expect(open(keys, after, binding)).rejects.toMatchObject({ failure: "unknown_key" });
  await expect(rewrap(both, before, { ...binding, id: "cred_2" })).rejects.toMatchObject({ failure: "not_authentic" });
});

test("a secret has a length", () => {
  for (const text of ["", "x".repeat(maxSecretBytes + 1)]) {
    expect(() => seal(keys, Secret.of(text), binding)).toThrow(RangeError);
  }
});
