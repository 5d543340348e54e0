import { expect, test } from "@jest/globals";
import { createPasswordHashes, productionCost } from "../src/store/password-hash.ts";

test("a password is stored as Argon2id at production's cost, told from others, and the same in any form of its letters", async () => {
  const passwords = createPasswordHashes(productionCost);
  const stored = await passwords.create("Zo\u00e9 has a dog");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await passwords.verify("Zoe\u0301 has a dog", stored)).toBe(true);
  expect(await passwords.verify("Zoe has a dog", stored)).toBe(false);
  expect(await passwords.verify("Zoe has a dog", null)).toBe(false);
});

test("more guesses than the process may hold in memory are refused, not queued without end", async () => {
  const passwords = createPasswordHashes({ memoryKib: 64, passes: 1 });
  const guesses = await Promise.allSettled(Array.from({ length: 80 }, () => passwords.verify("x", null)));
  const refused = guesses.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(14);
  expect(await passwords.verify("x", null)).toBe(false);
});
