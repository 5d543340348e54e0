import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { orgUpdated } from "@topdog/contracts/events/org-events";
import { publishEvent } from "@topdog/messaging/publish";
import { type As, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { findOrgSeats } from "../src/store/org-seats.ts";
import { setPlan } from "../src/usecases/set-plan.ts";
import { type Billing, org, startBilling } from "./start-billing.ts";

describe("billing's account API", () => {
  let billing: Billing;
  beforeAll(async () => {
    billing = await startBilling();
  });
  afterAll(() => billing.stop());

  const announce = async (...orgs: ReturnType<typeof org>[]): Promise<void> => {
    for (const [index, one] of orgs.entries()) {
      await publishEvent(await billing.nats.busOf("org-registry"), orgUpdated, one, { id: `${one.orgId}-${index}` });
    }
  };

  test("the tiers are public and carry the product page's numbers", async () => {
    const answer = await billing.call("GET", "/api/tiers", null);
    expect(answer.status).toBe(200);
    const tiers = answer.body["tiers"] as { id: string; price: { month: object; year: { perMonth: string } | null } }[];
    expect(tiers.map((tier) => [tier.id, tier.price.year?.perMonth ?? null])).toEqual([
      ["free", null],
      ["pro", "$26.10"],
      ["pro_plus", "$44.10"],
      ["teams", "$35.10"],
      ["enterprise", "$71.10"],
    ]);
    expect(tiers[3]).toEqual({
      id: "teams",
      name: "Teams",
      lineup: "dev",
      perSeat: true,
      minimumSeats: 3,
      price: {
        month: {
          perMonthCents: 3900,
          perIntervalCents: 3900,
          discountPercent: 0,
          perMonth: "$39",
          display: "$39 / seat / month",
        },
        year: {
          perMonthCents: 3510,
          perIntervalCents: 42_120,
          discountPercent: 10,
          perMonth: "$35.10",
          display: "$35.10 / seat / month",
        },
      },
      limits: { apiCallsPerDay: 1600, llmRequestsPerDay: 600, concurrentRequests: 3 },
      byok: { scope: "org", slots: 12, slotsPerSeat: 2, display: "12 + 2 × seats, pooled" },
      orgBucket: { callsPerSeatPerDay: 400, percentOfSeatCalls: null, display: "400 × seats API calls / day" },
      support: "email within 24 h",
      notes: [
        "Limits reset at 00:00 UTC.",
        "Billed annually it costs 10 % less.",
        "At least 3 seats. Limits are per seat-holder.",
        "Your own limit is used first, then the org's bucket.",
      ],
    });
  });

  test("without a row everybody is on the free plan; a plan that was set is shown to its owner", async () => {
    const as = { userId: "usr_plain" };
    const free = await billing.call("GET", "/api/billing/subscription", as);
    expect(free.body).toEqual({
      owner: "user:usr_plain",
      plan: "free",
      planName: "Free",
      interval: "month",
      seats: 1,
      activeMembers: null,
      status: "active",
      version: 0,
      changedAt: null,
      payment: null,
    });
    await setPlan(billing.deps, { owner: "user:usr_plain", plan: "pro", interval: "year", seats: 1 });
    const pro = await billing.call("GET", "/api/billing/subscription", as);
    expect(pro.body).toMatchObject({ plan: "pro", planName: "Pro", interval: "year", version: 1 });
    expect((await billing.call("GET", "/api/billing/subscription", { userId: "usr_other" })).body["plan"]).toBe("free");
  });

  test("only the owner reads an org's subscription: 403 for a member, the same 404 for strangers and missing orgs", async () => {
    await announce(org("org_read", 1, 2));
    await eventually(async () => expect(await findOrgSeats(billing.db, "org_read")).not.toBeNull());
    await setPlan(billing.deps, { owner: "org:org_read", plan: "teams", interval: "month", seats: 5 });
    const path = "/api/billing/subscription?org=org_read";
    const byOrgKey = { userId: "usr_owner", orgId: "org_read", role: "owner" as const };
    const owned = await billing.call("GET", path, byOrgKey);
    expect(owned.body).toMatchObject({ owner: "org:org_read", plan: "teams", seats: 5, activeMembers: 2 });
    const signedIn = await billing.call("GET", path, sessionOf("usr_owner"));
    expect(signedIn.body).toMatchObject({ owner: "org:org_read" });
    for (const role of ["member", "admin"] as const) {
      const refused = await billing.call("GET", path, { userId: "usr_m", orgId: "org_read", role });
      expect([refused.status, refused.body["code"]]).toEqual([403, "owner_only"]);
    }
    const missing = await billing.call("GET", "/api/billing/subscription?org=org_none", { userId: "usr_m" });
    expect(missing.status).toBe(404);
    const stranger = await billing.call("GET", path, sessionOf("usr_m"));
    expect({ ...stranger.body, instance: missing.body["instance"] }).toEqual(missing.body);
    // A stranger, an owner of another org, and the owner through a personal key or one that is confined to another org.
    for (const as of [
      { userId: "usr_owner" },
      { userId: "usr_m" },
      { userId: "usr_m", orgId: "org_b", role: "owner" as const },
      { userId: "usr_owner", orgId: "org_b", role: "owner" as const },
    ]) {
      const refused = await billing.call("GET", path, as);
      expect({ ...refused.body, instance: "" }).toEqual({ ...missing.body, instance: "" });
    }
  });

  test("an org key reaches its org's subscription alone, never its user's own", async () => {
    await announce(org("org_ci", 1, 2));
    await eventually(async () => expect(await findOrgSeats(billing.db, "org_ci")).not.toBeNull());
    await setPlan(billing.deps, { owner: "org:org_ci", plan: "teams", interval: "month", seats: 4 });
    await setPlan(billing.deps, { owner: "user:usr_owner", plan: "pro_plus", interval: "year", seats: 1 });
    await setPlan(billing.deps, { owner: "user:usr_m", plan: "pro_plus", interval: "year", seats: 1 });
    const read = (as: As) => billing.call("GET", "/api/billing/subscription", as);
    const byOwner = await read({ userId: "usr_owner", orgId: "org_ci", role: "owner" });
    expect(byOwner.body).toMatchObject({ owner: "org:org_ci", plan: "teams", seats: 4, activeMembers: 2 });
    for (const role of ["admin", "member"] as const) {
      const refused = await read({ userId: "usr_m", orgId: "org_ci", role });
      expect([refused.status, refused.body["code"]]).toEqual([403, "owner_only"]);
      expect(JSON.stringify(refused.body)).not.toContain("pro_plus");
    }
  });

  test("seat usage follows org events, shuffled and repeated, to the newest version", async () => {
    const versions = [2, 5, 1, 5, 4, 3];
    await announce(...versions.map((version) => org("org_shuffled", version, version)), org("org_end", 1, 1));
    await eventually(async () => expect(await findOrgSeats(billing.db, "org_end")).not.toBeNull());
    await eventually(async () =>
      expect(await findOrgSeats(billing.db, "org_shuffled")).toMatchObject({
        ownerUserId: "usr_owner",
        activeMembers: 5,
      }),
    );
  });

  test.each([
    ["POST", "checkout", { plan: "pro" }],
    ["POST", "portal", {}],
    ["POST", "change-plan/preview", { plan: "pro" }],
    ["POST", "change-plan", { plan: "pro" }],
    ["POST", "seats", { seats: 4 }],
    ["POST", "cancel", {}],
    ["POST", "resume", {}],
    ["GET", "invoices", undefined],
  ])(
    "without a Stripe key %s %s answers 503 as a problem, to a person who is signed in",
    async (method, name, body) => {
      const path = `/api/billing/${name}`;
      const answer = await billing.call(method, path, sessionOf("usr_1"), body);
      expect([answer.status, answer.body["code"]]).toEqual([503, "billing_not_configured"]);
      expect(answer.type).toMatch(/^application\/problem\+json/);
      expect((await billing.call(method, path, null, body)).status).toBe(401);
    },
  );

  test.each(["checkout", "portal", "change-plan", "seats", "cancel", "resume"])(
    "money is moved by a person who proved lately who they are, and by no key: %s",
    async (name) => {
      const path = `/api/billing/${name}`;
      const body = { checkout: { plan: "pro" }, "change-plan": { plan: "pro" }, seats: { seats: 4 } }[name] ?? {};
      const byKey = await billing.call("POST", path, { userId: "usr_1" }, body);
      expect([byKey.status, byKey.body["code"]]).toEqual([403, "session_required"]);
      const stale = sessionOf("usr_1", { authenticatedAt: new Date(Date.now() - 16 * 60_000).toISOString() });
      const byStale = await billing.call("POST", path, stale, body);
      expect([byStale.status, byStale.body["code"]]).toEqual([403, "reauthentication_required"]);
    },
  );

  test("the webhook refuses too, whatever it is sent", async () => {
    const answer = await billing.call("POST", "/api/billing/webhook", null, "not json");
    expect([answer.status, answer.body["code"]]).toEqual([503, "billing_not_configured"]);
  });

  test.each([
    ["GET", "/api/billing/subscription", null, 401],
    ["GET", "/api/billing/subscription?org=a%20b", { userId: "usr_1" }, 400],
    ["DELETE", "/api/billing/subscription", { userId: "usr_1" }, 405],
    ["GET", "/api/billing/nothing", { userId: "usr_1" }, 404],
    ["POST", "/api/billing/checkout", sessionOf("usr_1"), 400],
    ["GET", "/livez", null, 200],
    ["GET", "/readyz", null, 200],
    ["GET", "/health", null, 200],
    ["GET", "/metrics", null, 404],
  ])("%s %s as %j answers %i", async (method, path, as, status) => {
    await eventually(async () => expect((await billing.call(method, path, as)).status).toBe(status));
  });
});

describe("billing with the regulated lineup", () => {
  let billing: Billing;
  beforeAll(async () => {
    billing = await startBilling({ REGULATED_LINEUP: "true" });
  });
  afterAll(() => billing.stop());

  test("regulated tiers are offered at 12 months a year, and can be set", async () => {
    const { body } = await billing.call("GET", "/api/tiers", null);
    const tiers = body["tiers"] as { id: string; price: { month: Price; year: Price }; orgBucket: object | null }[];
    type Price = { perMonthCents: number; perIntervalCents: number };
    const regulated = tiers.filter((tier) => /^(med|sci)_/.test(tier.id));
    expect(
      regulated.map((tier) => [tier.id, tier.price.month.perMonthCents, tier.price.year.perIntervalCents]),
    ).toEqual([
      ["med_pro", 8900, 106_800],
      ["med_teams", 12_900, 154_800],
      ["med_enterprise", 19_900, 238_800],
      ["sci_pro", 6900, 82_800],
      ["sci_teams", 9900, 118_800],
      ["sci_enterprise", 14_900, 178_800],
    ]);
    const wanted = { owner: "org:org_med", plan: "med_teams", interval: "month", seats: 5 };
    expect((await setPlan(billing.deps, wanted)).outcome).toBe("changed");
  });
});
