import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { findApiKeys, formatApiKey, hasApiKeyShape, isApiKey } from "./api-key.ts";

const random = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("every key that is made is one, and has 52 characters", () => {
  fc.assert(
    fc.property(random, (bytes) => {
      const key = formatApiKey(bytes);
      expect(key).toMatch(/^td_[\w-]{43}[0-9A-Za-z]{6}$/);
      expect([key.length, hasApiKeyShape(key), isApiKey(key)]).toEqual([52, true, true]);
    }),
  );
});

test("the format is fixed: keys that people hold must stay keys", () => {
  expect(formatApiKey(new Uint8Array(32))).toBe("td_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4e6vOM");
  expect(formatApiKey(new Uint8Array(32).fill(255))).toBe("td___________________________________________84C3L9F");
});

test("one wrong character is noticed, wherever it is", () => {
  const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
  fc.assert(
    fc.property(random, fc.nat(51), fc.constantFrom(...characters.split("")), (bytes, at, character) => {
      const key = formatApiKey(bytes);
      fc.pre(key[at] !== character);
      expect(isApiKey(key.slice(0, at) + character + key.slice(at + 1))).toBe(false);
    }),
  );
});

test("a random string of the right shape is not a key", () => {
  fc.assert(
    fc.property(random, fc.stringMatching(/^[0-9A-Za-z]{6}$/), (bytes, checksum) => {
      const text = formatApiKey(bytes).slice(0, -6) + checksum;
      expect(isApiKey(text)).toBe(text === formatApiKey(bytes));
    }),
  );
});

test("every key in a text is found once, wherever it stands and whatever it touches", () => {
  fc.assert(
    fc.property(fc.array(random, { maxLength: 4 }), fc.stringMatching(/^[td_A-Z0-9 ]{0,8}$/), (all, between) => {
      const keys = [...new Set(all.map(formatApiKey))];
      const text = between + [...keys, ...keys].join(between) + between;
      expect(findApiKeys(text)).toEqual(expect.arrayContaining(keys));
      expect(findApiKeys(text)).toHaveLength(keys.length);
    }),
  );
});

test("the page for secret scanners shows a key that has the format, and the expression that it is found by", async () => {
  const page = await readFile(new URL("../../../docs/api-keys.md", import.meta.url), "utf8");
  const example = formatApiKey(new Uint8Array(32));
  expect(findApiKeys(page)).toEqual([example]);
  const [, expression = ""] = /^(td_\[.*)$/m.exec(page) ?? [];
  expect(example).toMatch(new RegExp(`^${expression}$`));
});
