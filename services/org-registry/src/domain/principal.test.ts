import { describe, expect, test } from "@jest/globals";
import { principalSchema } from "@topdog/contracts/rpc/resolve-principal";
import { defaultKeySettings, type KeySettings } from "./api-key.ts";
import { noRules } from "./model-rules.ts";
import { type KeyHolder, principalOf } from "./principal.ts";

const personal: KeyHolder = {
  keyId: "key_1",
  userId: "usr_1",
  isServiceAccount: false,
  orgId: null,
  role: null,
  active: false,
  plan: null,
  seats: 1,
  credentials: { own: { live: 0, used: 0 }, pool: { live: 0, used: 0 } },
  modelRules: noRules,
  settings: defaultKeySettings,
  orgCeiling: null,
  ceilingVersion: 0,
  memberCeiling: null,
};
const seat: KeyHolder = { ...personal, orgId: "org_1", role: "admin", active: true, plan: "teams", seats: 5 };

describe("the principal of a key", () => {
  test("a personal key uses the user's own bucket and slots", () => {
    expect(principalOf(personal)).toEqual({
      keyId: "key_1",
      userId: "usr_1",
      orgId: null,
      role: null,
      scopes: ["llm"],
      restrictions: null,
      buckets: { personal: "user:usr_1", org: null },
      byok: { scope: "user", used: 0, capacity: 2 },
    });
    expect(principalOf({ ...personal, plan: "pro_plus" })?.byok.capacity).toBe(5);
  });

  test("an org key uses the seat's bucket, then the org's, and the org's slots", () => {
    const principal = principalOf(seat);
    expect(principal?.buckets).toEqual({ personal: "seat:org_1:usr_1", org: "org:org_1" });
    expect(principal?.byok).toEqual({ scope: "org", used: 0, capacity: 22 });
    expect(principalSchema.safeParse(principal).success).toBe(true);
  });

  test("whose credentials may serve a key's calls is told in the order in which they are tried; a disabled one counts there alone", () => {
    const held = { own: { live: 2, used: 1 }, pool: { live: 4, used: 3 } };
    const byok = (holder: KeyHolder) => principalOf({ ...holder, credentials: held })?.byok;
    expect(byok(personal)).toEqual({ scope: "user", used: 1, capacity: 2, tenants: ["user:usr_1"] });
    expect(byok(seat)).toEqual({ scope: "org", used: 3, capacity: 22, tenants: ["user:usr_1", "org:org_1"] });
  });

  test("a key's restrictions travel with it, each by itself", () => {
    const expiresAt = new Date("2026-12-01T00:00:00Z");
    const restricted = (settings: Partial<KeySettings>) =>
      principalOf({ ...personal, settings: { ...defaultKeySettings, ...settings } })?.restrictions;
    expect(restricted({ expiresAt })).toEqual({ expiresAtMs: expiresAt.getTime(), models: null, addresses: null });
    expect(restricted({ allowedModels: ["gpt-5"] })).toMatchObject({ expiresAtMs: null, models: ["gpt-5"] });
    expect(restricted({ allowedAddresses: ["10.0.0.0/8"] })).toMatchObject({ addresses: ["10.0.0.0/8"] });
  });

  test("an org that pays for nothing has no slots", () => {
    expect(principalOf({ ...seat, plan: null, seats: 1 })?.byok).toEqual({ scope: "org", used: 0, capacity: 0 });
  });

  test("a key whose holder has no seat has no principal", () => {
    expect(principalOf({ ...seat, active: false })).toBeNull();
    expect(principalOf({ ...seat, role: null })).toBeNull();
  });
});
