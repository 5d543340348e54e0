import { describe, expect, test } from "@jest/globals";
import { memberRoles } from "@topdog/contracts/events/org-events";
import * as fc from "fast-check";
import { keyReaches, mayChangeMember, mayGiveRole, mayRevokeOrgKey, runsOrg, type Standing } from "./permissions.ts";

const who = (role: Standing["role"], active = true, userId: string = role): Standing => ({ userId, role, active });
const anyStanding = fc.record({
  userId: fc.constantFrom("a", "b", "c"),
  role: fc.constantFrom(...memberRoles),
  active: fc.boolean(),
});

describe("permissions in an org", () => {
  test.each([
    ["owner", "admin", true],
    ["owner", "member", true],
    ["owner", "billing", true],
    ["owner", "owner", false],
    ["admin", "admin", false],
    ["admin", "member", true],
    ["admin", "owner", false],
    ["admin", "billing", false],
    ["billing", "member", false],
    ["billing", "billing", false],
    ["billing", "admin", false],
    ["member", "member", false],
  ] as const)("an active %s changes and creates a %s: %s", (actor, subject, allowed) => {
    expect(mayChangeMember(who(actor), who(subject, true, "other"))).toBe(allowed);
    expect(mayGiveRole(who(actor), subject)).toBe(allowed);
  });

  test("without a seat nobody may change anything, and the owner is never changed", () => {
    fc.assert(
      fc.property(anyStanding, anyStanding, (actor, subject) => {
        if (!actor.active) expect(runsOrg(actor) || mayChangeMember(actor, subject)).toBe(false);
        if (subject.role === "owner") expect(mayChangeMember(actor, subject)).toBe(false);
        if (actor.userId === subject.userId) expect(mayRevokeOrgKey(actor, subject)).toBe(true);
      }),
    );
  });

  test("an org key reaches only its org", () => {
    expect([keyReaches(null, null), keyReaches(null, "o"), keyReaches("o", "o")]).toEqual([true, true, true]);
    expect([keyReaches("o", null), keyReaches("o", "p")]).toEqual([false, false]);
  });
});
