import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Answer } from "@topdog/testing/account-call";
import { lockOrg } from "../src/store/orgs.ts";
import { type AccessSetting, arrangeAccess } from "./access-setting.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const openApi = new URL("../../../docs/openapi.json", import.meta.url);
const table = new URL("access-table.txt", import.meta.url);
const prefixes = [
  "/api/auth",
  "/api/orgs",
  "/api/keys",
  "/api/audit",
  "/api/invitations",
  "/api/byok",
  "/api/byok-settings",
];
const methods = ["get", "post", "put", "patch", "delete"];

interface Endpoint {
  readonly method: string;
  /** As OpenAPI writes it. */
  readonly path: string;
}

const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

/** Well formed, and of no passkey. */
const noCredential = {
  id: "bm9uZQ",
  rawId: "bm9uZQ",
  type: "public-key",
  response: { clientDataJSON: "bm9uZQ", attestationObject: "bm9uZQ", authenticatorData: "bm9uZQ", signature: "bm9uZQ" },
};

/** A right body for each endpoint that takes one, so that what decides is who calls. */
const bodiesIn = ({ params, token }: AccessSetting): Readonly<Record<string, unknown>> => ({
  "POST /api/auth/sign-up": { email: "somebody@example.test" },
  "POST /api/auth/password-reset": { email: "somebody@example.test" },
  "POST /api/auth/password": { token, password: "long enough" },
  "POST /api/auth/sign-in": { email: "somebody@example.test", password: "long enough" },
  "POST /api/auth/reauthenticate": { password: "long enough" },
  "POST /api/auth/passkeys": { name: "laptop", credential: noCredential },
  "POST /api/auth/passkey-sign-in": { credential: noCredential },
  "POST /api/auth/totp/confirm": { code: "000000" },
  "POST /api/auth/totp/remove": { code: "000000" },
  "POST /api/auth/change-password": { newPassword: "a password of the walk" },
  "POST /api/keys": { name: "made", orgId: params["orgId"] },
  "PATCH /api/keys/{keyId}": { name: "renamed" },
  "POST /api/keys/{keyId}/rotate": { overlapSeconds: 0 },
  "POST /api/orgs": { name: "New" },
  "PATCH /api/orgs/{orgId}": { name: "Renamed" },
  "PATCH /api/orgs/{orgId}/members/{userId}": { active: false },
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
  "POST /api/auth/totp",
  "POST /api/auth/passkeys/options",
  "POST /api/auth/passkey-sign-in/options",
  "POST /api/orgs",
  "POST /api/keys",
  "PATCH /api/orgs/{orgId}",
  "PUT /api/byok-settings",
  "POST /api/orgs/{orgId}/service-accounts",
]);
const needsOrgInQuery = new Set(["GET /api/byok", "GET /api/keys"]);

describe("who may do what", () => {
  let registry: Registry;
  let mailDir: string;
  let endpoints: Endpoint[];
  beforeAll(async () => {
    mailDir = await mkdtemp(join(tmpdir(), "topdog-mail-"));
    registry = await startRegistry({ MAIL_DIR: mailDir, PUBLIC_URL: "https://topdog.example" });
    const { paths } = JSON.parse(await readFile(openApi, "utf8")) as { paths: Record<string, Record<string, unknown>> };
    endpoints = Object.entries(paths)
      .filter(([path]) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
      .flatMap(([path, item]) =>
        methods.filter((one) => one in item).map((one) => ({ method: one.toUpperCase(), path })),
      );
  });
  afterAll(async () => {
    await registry.stop();
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
  const outcomeOf = ({ status, body }: Answer): string =>
    status < 400 ? String(status) : `${status} ${String(body["code"])}`;

  test("every endpoint answers everybody as the committed table says", async () => {
    const lines: string[] = [];
    let setting = await arrangeAccess(registry);
    for (const endpoint of endpoints) {
      const byOutcome = new Map<string, string[]>();
      for (const who of Object.keys(setting.callers)) {
        const answer = await call(endpoint, setting, who);
        const outcome = outcomeOf(answer);
        byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), who]);
        // What was changed must not decide about the next one.
        const changes = endpoint.method !== "GET" && !repeatable.has(nameOf(endpoint));
        if (answer.status < 300 && changes) setting = await arrangeAccess(registry);
      }
      lines.push(nameOf(endpoint), ...[...byOutcome].map(([outcome, who]) => `  ${outcome}: ${who.join(", ")}`));
    }
    const committed = (await readFile(table, "utf8")).split("\n").filter((line) => !line.startsWith("#"));
    expect(`${lines.join("\n")}\n`).toBe(committed.join("\n"));
  }, 120_000);

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
  }, 60_000);

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
  }, 60_000);

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
