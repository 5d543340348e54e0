import { expect, test } from "@jest/globals";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { createKnownCallers, knownCaller, type KnownCallers } from "./known-callers.ts";

const keysOfPerson = 20;
const persons = 5_000;
const orgs = 20;
const orgOf = (index: number): string => `org_${index % orgs}`;

/** A cache of 100,000 org keys, and how often the cache looked at whose a key is. */
function fullCache(): { readonly cache: KnownCallers; readonly looked: { count: number } } {
  const looked = { count: 0 };
  const cache = createKnownCallers(keysOfPerson * persons);
  for (let person = 0; person < persons; person += 1) {
    for (let key = 0; key < keysOfPerson; key += 1) {
      const userId = `usr_${person}`;
      const orgId = orgOf(key);
      const principal = {
        keyId: `key_${person}_${key}`,
        userId,
        get orgId() {
          looked.count += 1;
          return orgId;
        },
        role: "member",
        scopes: ["llm"],
        restrictions: null,
        buckets: { personal: `seat:${orgId}:${userId}`, org: `org:${orgId}` },
        byok: { scope: "org", used: 0, capacity: 3 },
      } satisfies Principal;
      const caller = knownCaller(`${person}:${key}`, principal);
      cache.set({ caller, confirmedMs: 0, gaps: 0, triedGaps: 0, retryMs: null });
    }
  }
  looked.count = 0;
  return { cache, looked };
}

test("5,000 events about members cost 100,000 cached keys only what they name", () => {
  const { cache, looked } = fullCache();
  for (let person = 0; person < persons; person += 1) {
    // One who is known, and one who is not.
    cache.deleteMember({ orgId: orgOf(person), userId: `usr_${person}` });
    cache.deleteMember({ orgId: "org_elsewhere", userId: `usr_${person}` });
  }
  expect(cache.size()).toBe((keysOfPerson - 1) * persons);
  // Each deleted entry is looked at while it is forgotten, and no other.
  expect(looked.count).toBeLessThanOrEqual(3 * persons);
  cache.deleteTenant("org:org_0");
  expect([...Array(persons).keys()].some((person) => cache.get(`${person}:0`) !== undefined)).toBe(false);
});
