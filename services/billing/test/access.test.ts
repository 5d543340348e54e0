import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { memberChanged, type MemberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { publishEvent } from "@topdog/messaging/publish";
import { type Endpoint, endpointsUnder, linesIn, linesOf, nameOf, outcomeOf } from "@topdog/testing/access-walk";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { type Billing, org, startBilling } from "./start-billing.ts";

const openApi = new URL("../../../docs/openapi.json", import.meta.url);
const table = new URL("access-table.txt", import.meta.url);
const orgId = "org_acme";
const longAgo = new Date(Date.now() - 16 * 60_000).toISOString();

let billing: Billing;
let stripe: { readonly url: string; stop(): Promise<void> };
let endpoints: Endpoint[];
beforeAll(async () => {
  stripe = await startAbsentStripe();
  billing = await startBilling({
    STRIPE_SECRET_KEY: "sk_test_of_the_access_walk",
    STRIPE_API_URL: stripe.url,
    STRIPE_PRICE_ID_TEAMS: "price_teams",
    STRIPE_PRICE_ID_PRO: "price_pro",
  });
  endpoints = endpointsUnder(await readFile(openApi, "utf8"), ["/api/billing", "/api/tiers"]);
  const bus = await billing.nats.busOf("org-registry");
  for (const one of [org(orgId, 1, 4), org("org_other", 1, 1, "usr_other")])
    await publishEvent(bus, orgUpdated, one, { id: one.orgId });
  for (const one of members) await publishEvent(bus, memberChanged, one, { id: `${one.userId}-${one.version}` });
  await eventually(async () => {
    const { rows } = await billing.db.raw<{ rows: { n: number }[] }>(
      "select sum(version)::int as n from (select version from org_member union all select version from org_seats) v",
    );
    expect(rows[0]?.n).toBe(members.filter(({ userId }) => userId !== "usr_removed").length + 4);
  });
});
afterAll(async () => {
  await billing.stop();
  await stripe.stop();
});

/** Who is let through is told that Stripe cannot answer, and pays nothing. The SDK is told not to ask again. */
async function startAbsentStripe(): Promise<typeof stripe> {
  const server = createServer((_req, res) => res.writeHead(503, { "stripe-should-retry": "false" }).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const member = (userId: string, role: MemberChanged["role"], more: Partial<MemberChanged> = {}): MemberChanged => ({
  orgId,
  userId,
  version: 1,
  role,
  active: true,
  removed: false,
  changedAt: new Date().toISOString(),
  ...more,
});
const members = [
  member("usr_owner", "owner"),
  member("usr_admin", "admin"),
  member("usr_member", "member"),
  member("usr_billing", "billing"),
  // Who only pays takes no seat.
  member("usr_bookkeeper", "billing", { active: false }),
  member("usr_seatless", "member", { active: false }),
  member("usr_removed", "billing"),
  member("usr_removed", "member", { version: 2, active: false, removed: true }),
];

/** Everybody who may stand to the org in some way. Keys have every scope: the gateway refuses those without the right one. */
const callers: Readonly<Record<string, Parameters<Billing["call"]>[2]>> = {
  nobody: null,
  "other org's owner": sessionOf("usr_other"),
  "other org's key": { userId: "usr_other", orgId: "org_other", role: "owner" },
  stranger: sessionOf("usr_stranger"),
  removed: sessionOf("usr_removed"),
  "without a seat": sessionOf("usr_seatless"),
  member: sessionOf("usr_member"),
  admin: sessionOf("usr_admin"),
  "member's org key": { userId: "usr_member", orgId, role: "member" },
  "owner's own key": { userId: "usr_owner" },
  "owner's org key": { userId: "usr_owner", orgId, role: "owner" },
  "owner, proof too old": sessionOf("usr_owner", { authenticatedAt: longAgo }),
  "billing, without a seat": sessionOf("usr_bookkeeper"),
  billing: sessionOf("usr_billing"),
  owner: sessionOf("usr_owner"),
  operator: sessionOf("usr_operator", { operator: true, secondFactorAt: new Date().toISOString() }),
};

const bodies: Readonly<Record<string, unknown>> = {
  "POST /api/billing/checkout": { plan: "teams" },
  "POST /api/billing/change-plan/preview": { plan: "teams", seats: 5 },
  "POST /api/billing/change-plan": { plan: "teams", seats: 5 },
  "POST /api/billing/seats": { seats: 5 },
};

const isOfOrg = ({ path }: Endpoint): boolean => path.startsWith("/api/billing/") && !/webhook|admin/.test(path);

function call(endpoint: Endpoint, who: string, ofOrg = orgId): Promise<Answer> {
  const { method, path } = endpoint;
  const body = bodies[nameOf(endpoint)];
  return billing.call(
    method,
    isOfOrg(endpoint) ? `${path}?org=${ofOrg}` : path,
    callers[who] ?? null,
    body ?? (method === "POST" ? {} : undefined),
  );
}

test("every endpoint answers everybody as the committed table says", async () => {
  const lines: string[] = [];
  for (const endpoint of endpoints) {
    const got: [who: string, outcome: string][] = [];
    // One after the other: what is under way for an org keeps its next change waiting.
    for (const who of Object.keys(callers)) got.push([who, outcomeOf(await call(endpoint, who))]);
    lines.push(...linesOf(endpoint, got));
  }
  expect(lines).toEqual(linesIn(await readFile(table, "utf8")));
});

/** But for the id of the request. */
const bytesOf = ({ body, ...answer }: Answer): string => JSON.stringify({ ...answer, body: { ...body, instance: "" } });

test("another tenant's org and one that does not exist get the same answer, to the byte", async () => {
  const strangers = ["other org's owner", "other org's key", "stranger", "removed", "owner's own key"];
  for (const endpoint of endpoints.filter(isOfOrg))
    for (const who of strangers) {
      const [foreign, absent] = await Promise.all([call(endpoint, who), call(endpoint, who, "org_missing")]);
      expect([nameOf(endpoint), who, bytesOf(foreign)]).toEqual([nameOf(endpoint), who, bytesOf(absent)]);
    }
});
