import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Endpoint, endpointsUnder, linesIn, linesOf, nameOf, outcomeOf } from "@topdog/testing/access-walk";
import type { Answer } from "@topdog/testing/account-call";
import { startOidcProvider, type TestOidcProvider } from "@topdog/testing/oidc-provider";
import { lockOrg } from "../src/store/orgs.ts";
import { type AccessSetting, arrangeAccess } from "./access-setting.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const openApi = new URL("../../../docs/openapi.json", import.meta.url);
const table = new URL("access-table.txt", import.meta.url);
const site = "https://topdog.example";
const prefixes = [
  "/api/auth",
  "/api/orgs",
  "/api/keys",
  "/api/audit",
  "/api/invitations",
  "/api/byok",
  "/api/byok-settings",
];
/** Well formed, and of no passkey. */
const noCredential = {
  id: "bm9uZQ",
  rawId: "bm9uZQ",
  type: "public-key",
  response: { clientDataJSON: "bm9uZQ", attestationObject: "bm9uZQ", authenticatorData: "bm9uZQ", signature: "bm9uZQ" },
};

/** Of a provider, to nothing that was begun. */
const noAnswer = { authorizationCode: "of-the-walk", state: "x".repeat(43) };

/** A right body for each endpoint that takes one, so that what decides is who calls. */
const bodiesIn = ({ params, token }: AccessSetting): Readonly<Record<string, unknown>> => ({
  "POST /api/auth/sign-up": { email: "somebody@example.test" },
  "POST /api/auth/password-reset": { email: "somebody@example.test" },
  "POST /api/auth/password": { token, password: "long enough" },
  "POST /api/auth/sign-in": { email: "somebody@example.test", password: "long enough" },
  "POST /api/auth/reauthenticate": { password: "long enough" },
  "POST /api/auth/passkeys": { name: "laptop", credential: noCredential },
  "POST /api/auth/oidc/start": {},
  "POST /api/auth/oidc/sign-in": noAnswer,
  "POST /api/auth/identities": noAnswer,
  "POST /api/auth/passkey-sign-in": { credential: noCredential },
  "POST /api/auth/totp/confirm": { code: "000000" },
  "POST /api/auth/totp/remove": { code: "000000" },
  "PATCH /api/auth/account": { name: "Walker" },
  "POST /api/auth/email-change": { email: `${randomBytes(6).toString("hex")}@example.test` },
  "POST /api/auth/email-change/confirm": { token },
  "POST /api/auth/change-password": { newPassword: "a password of the walk" },
  "POST /api/keys": { name: "made", orgId: params["orgId"] },
  "PATCH /api/keys/{keyId}": { name: "renamed" },
  "POST /api/keys/{keyId}/rotate": { overlapSeconds: 0 },
  "POST /api/orgs": { name: "New" },
  "PATCH /api/orgs/{orgId}": { name: "Renamed" },
  "PUT /api/orgs/{orgId}/model-rules": {
    allowedModels: null,
    deniedModels: ["gpt-5"],
    allowedProviders: null,
    deniedProviders: null,
  },
  "PATCH /api/orgs/{orgId}/members/{userId}": { active: false },
  "PUT /api/orgs/{orgId}/keys/{keyId}/ceiling": { dailyCeiling: 10 },
  "POST /api/orgs/{orgId}/invitations": { email: "somebody@example.test", role: "member" },
  "POST /api/orgs/{orgId}/ownership-offer": { userId: params["userId"] },
  "POST /api/orgs/{orgId}/service-accounts": { name: "ci" },
  "POST /api/invitations/show": { token },
  "POST /api/invitations/accept": { token },
  "POST /api/invitations/decline": { token },
  "POST /api/byok": { provider: "openai", key: "sk-of-the-walk-0123456789", orgId: params["orgId"] },
  "PUT /api/byok-settings": { orgId: params["orgId"], fallback: true },
  "PATCH /api/byok/{credentialId}": { label: "walk" },
  "DELETE /api/byok/{credentialId}": { reason: "walk" },
  "POST /api/byok/{credentialId}/rotate": { key: "sk-of-the-walk-9876543210" },
});

/** What they change decides nothing about who may do it next. */
const repeatable = new Set([
  "POST /api/auth/sign-up",
  "POST /api/auth/password-reset",
  "PATCH /api/auth/account",
  "POST /api/auth/email-change",
  "POST /api/auth/totp",
  "POST /api/auth/passkeys/options",
  "POST /api/auth/passkey-sign-in/options",
  "POST /api/auth/oidc/start",
  "POST /api/auth/identities/start",
  "POST /api/orgs",
  "POST /api/keys",
  "PATCH /api/orgs/{orgId}",
  "PUT /api/orgs/{orgId}/model-rules",
  "PUT /api/byok-settings",
  "POST /api/orgs/{orgId}/service-accounts",
]);
const needsOrgInQuery = new Set(["GET /api/byok", "GET /api/keys"]);

describe("who may do what", () => {
  let registry: Registry;
  let mailDir: string;
  let provider: TestOidcProvider;
  let endpoints: Endpoint[];
  beforeAll(async () => {
    mailDir = await mkdtemp(join(tmpdir(), "topdog-mail-"));
    provider = await startOidcProvider(site);
    registry = await startRegistry({ MAIL_DIR: mailDir, PUBLIC_URL: site, ...provider.env });
    endpoints = endpointsUnder(await readFile(openApi, "utf8"), prefixes);
  });
  afterAll(async () => {
    await registry.stop();
    await provider.stop();
    await rm(mailDir, { recursive: true, force: true });
  });

  const call = (
    endpoint: Endpoint,
    setting: AccessSetting,
    who: string,
    params: Readonly<Record<string, string>> = setting.params,
  ): Promise<Answer> => {
    const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
    const query = needsOrgInQuery.has(nameOf(endpoint)) ? `?orgId=${params["orgId"]}` : "";
    const body = bodiesIn({ ...setting, params })[nameOf(endpoint)];
    return registry.call(endpoint.method, path + query, setting.callers[who] ?? null, body);
  };

  test("every endpoint answers everybody as the committed table says", async () => {
    const lines: string[] = [];
    let setting = await arrangeAccess(registry);
    for (const endpoint of endpoints) {
      const callers = Object.keys(setting.callers);
      const got: [who: string, outcome: string][] = [];
      if (endpoint.method === "GET" || repeatable.has(nameOf(endpoint))) {
        const answers = await Promise.all(callers.map((who) => call(endpoint, setting, who)));
        got.push(...answers.map((answer, at): [string, string] => [callers[at] ?? "", outcomeOf(answer)]));
      } else {
        for (const who of callers) {
          const answer = await call(endpoint, setting, who);
          got.push([who, outcomeOf(answer)]);
          // What was changed must not decide about the next one.
          if (answer.status < 300) setting = await arrangeAccess(registry);
        }
      }
      lines.push(...linesOf(endpoint, got));
    }
    expect(lines).toEqual(linesIn(await readFile(table, "utf8")));
    // Hundreds of calls, each change with people and orgs of its own: on a busy machine they took two minutes.
  }, 300_000);

  test("what is another tenant's and what does not exist get the same answer, to the byte", async () => {
    const setting = await arrangeAccess(registry);
    const missing = {
      orgId: "org_missing",
      userId: "usr_missing",
      keyId: "key_missing",
      invitationId: "inv_missing",
      serviceAccountId: "svc_missing",
      sessionId: "ses_missing",
      passkeyId: "pky_missing",
      identityId: "idn_missing",
    };
    for (const endpoint of endpoints) {
      for (const who of ["other org's owner", "other org's key", "removed", "invited"]) {
        // Who has the link of an invitation is no stranger to it, and becomes a member by it.
        if (endpoint.path.startsWith("/api/invitations")) continue;
        const foreign = await call(endpoint, setting, who);
        // One's own log, orgs and keys.
        if (foreign.status < 400) continue;
        const absent = await call(endpoint, setting, who, { ...setting.params, ...missing });
        expect([nameOf(endpoint), who, JSON.stringify(foreign)]).toEqual([
          nameOf(endpoint),
          who,
          JSON.stringify(absent),
        ]);
      }
    }
  });

  test("no stranger waits for the org's lock, and none holds it", async () => {
    const setting = await arrangeAccess(registry);
    const ofOrg = endpoints.filter(({ path }) => path.includes("{orgId}"));
    await registry.db.transaction(async (trx) => {
      await lockOrg(trx, setting.params["orgId"] ?? "");
      for (const endpoint of ofOrg) {
        for (const who of ["nobody", "other org's owner", "removed"]) {
          expect([nameOf(endpoint), (await call(endpoint, setting, who)).status]).toEqual([
            nameOf(endpoint),
            who === "nobody" ? 401 : 404,
          ]);
        }
      }
    });
  });

  test("another tenant's place in a list is no place in one's own", async () => {
    const setting = await arrangeAccess(registry);
    const own = await registry.call("GET", "/api/orgs", setting.callers["other org's owner"] ?? null);
    const cursor = Buffer.from(JSON.stringify(setting.params["orgId"])).toString("base64url");
    const paged = await registry.call(
      "GET",
      `/api/orgs?cursor=${cursor}`,
      setting.callers["other org's owner"] ?? null,
    );
    const mine = (own.body.items ?? []).map((org) => String(org["id"]));
    expect(paged.body.items?.map((org) => String(org["id"]))).toEqual(
      mine.filter((id) => id > (setting.params["orgId"] ?? "")),
    );
  });
});
