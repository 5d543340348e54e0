import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { resolveStanding, type Standing } from "@topdog/contracts/rpc/resolve-standing";
import { serveRpc } from "@topdog/messaging/rpc";
import { type Endpoint, endpointsUnder, linesIn, linesOf, nameOf, outcomeOf } from "@topdog/testing/access-walk";
import { accountCall, type Answer, type As, callerEnv, sessionOf } from "@topdog/testing/account-call";
import { silentLogger } from "@topdog/testing/logger";
import { startStoringService, type StoringTestService } from "@topdog/testing/service";
import { quota } from "../src/app.ts";
import { migrations } from "./platform.ts";

const openApi = new URL("../../../docs/openapi.json", import.meta.url);
const table = new URL("access-table.txt", import.meta.url);
const orgId = "org_acme";

/** As org-registry would say. */
const members: Readonly<Record<string, Standing["member"]>> = {
  usr_owner: { role: "owner", active: true },
  usr_admin: { role: "admin", active: true },
  usr_idle: { role: "admin", active: false },
  usr_billing: { role: "billing", active: false },
  usr_member: { role: "member", active: true },
  usr_seatless: { role: "member", active: false },
};

/** Everybody who may stand to the org in some way. Keys have every scope: the gateway refuses those without the right one. */
const callers: Readonly<Record<string, As | ReturnType<typeof sessionOf> | null>> = {
  nobody: null,
  stranger: sessionOf("usr_stranger"),
  "other org's key": { userId: "usr_other", orgId: "org_other", role: "owner" },
  "owner's own key": { userId: "usr_owner" },
  "member's org key": { userId: "usr_member", orgId, role: "member" },
  "owner's org key": { userId: "usr_owner", orgId, role: "owner" },
  "without a seat": sessionOf("usr_seatless"),
  member: sessionOf("usr_member"),
  "admin, without a seat": sessionOf("usr_idle"),
  admin: sessionOf("usr_admin"),
  "billing, without a seat": sessionOf("usr_billing"),
  owner: sessionOf("usr_owner"),
  operator: sessionOf("usr_operator", { operator: true, secondFactorAt: new Date().toISOString() }),
};

let service: StoringTestService;
let endpoints: Endpoint[];
beforeAll(async () => {
  service = await startStoringService(quota, { migrations, env: callerEnv });
  const registry = await service.nats.busOf("org-registry");
  serveRpc(registry, resolveStanding, {
    maxInFlight: 64,
    logger: silentLogger(),
    handle: async ({ userId, orgId: asked }) => ({
      member: asked === orgId ? (members[userId] ?? null) : null,
      byok: [{ scope: "user", used: 0, capacity: 2 }],
    }),
  });
  await registry.nc.flush();
  const document = await readFile(openApi, "utf8");
  endpoints = endpointsUnder(document, ["/api/limits", "/api/usage", "/api/operator/consistency"]);
});
afterAll(() => service.stop());

/** Of each endpoint: what it says of the caller alone, of the org, and of the org by what only some may see. */
const questionsOf = ({ path }: Endpoint): string[] => {
  if (path.startsWith("/api/operator")) return [""];
  const ofOrg = `?orgId=${orgId}`;
  return ["", ofOrg, ...(path.includes("history") ? [`${ofOrg}&scope=org`] : [])];
};

const ask = (endpoint: Endpoint, query: string, who: string): Promise<Answer> =>
  accountCall({ name: "quota", url: service.url }, endpoint.method, endpoint.path + query, callers[who] ?? null);

test("every endpoint answers everybody as the committed table says", async () => {
  const lines: string[] = [];
  for (const endpoint of endpoints)
    for (const query of questionsOf(endpoint)) {
      const got = await Promise.all(
        Object.keys(callers).map(async (who) => [who, outcomeOf(await ask(endpoint, query, who))] as const),
      );
      lines.push(...linesOf({ ...endpoint, path: endpoint.path + query }, got));
    }
  expect(lines).toEqual(linesIn(await readFile(table, "utf8")));
});

/** But for the id of the request. */
const bytesOf = ({ body, ...answer }: Answer): string => JSON.stringify({ ...answer, body: { ...body, instance: "" } });

test("another tenant's org and one that does not exist get the same answer, to the byte", async () => {
  for (const endpoint of endpoints.filter(({ path }) => !path.startsWith("/api/operator")))
    for (const who of ["stranger", "other org's key", "owner's own key"]) {
      const [foreign, absent] = await Promise.all([
        ask(endpoint, `?orgId=${orgId}`, who),
        ask(endpoint, "?orgId=org_missing", who),
      ]);
      expect([nameOf(endpoint), who, foreign.status, bytesOf(foreign)]).toEqual([
        nameOf(endpoint),
        who,
        404,
        bytesOf(absent),
      ]);
    }
});
