import { randomBytes } from "node:crypto";
import type { PlanId } from "@topdog/contracts/plans";
import type { Database } from "@topdog/postgres/pool";
import type { SessionCaller, Visitor } from "@topdog/contracts/account-call";
import { accountCall, type Answer, type As, callerEnv } from "@topdog/testing/account-call";
import { startStoringService, type StoringTestService } from "@topdog/testing/service";
import { vaultEnv } from "@topdog/testing/vault-env";
import { orgRegistry } from "../src/app.ts";
import { auditKeysField, withAuditKeys } from "../src/store/audit-keys.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";

export const migrations = new URL("../migrations/", import.meta.url);

export const registryEnv = {
  ...callerEnv,
  ...vaultEnv,
  AUDIT_KEYS: `test:${randomBytes(32).toString("base64url")}`,
  CREDENTIAL_FINGERPRINT_KEY: randomBytes(32).toString("base64url"),
};

export interface Registry extends StoringTestService {
  /** As the owner of the tables, whom no policy hides rows from: for looking at what is stored. */
  readonly db: Database;
  /** For arranging a test without HTTP. */
  readonly deps: RegistryDeps;
  call(
    method: string,
    path: string,
    as: As | SessionCaller | Visitor | null,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

/** Rows that a test arranges and rows that the service writes are in one chain. */
const auditKeys = auditKeysField.parse(registryEnv.AUDIT_KEYS);

export const depsOn = (db: Database): RegistryDeps => ({
  db: withAuditKeys(db, auditKeys),
  nowMs: Date.now,
  randomBytes,
});

/** So cheap that a test may hash many passwords; production's cost has a test of its own. */
const testHashCost = { memoryKib: 64, passes: 1 };

/** The whole service against a database and a bus of the test's own. */
export async function startRegistry(
  env: Readonly<Record<string, string>> = {},
  deps: { readonly nowMs?: () => number } = {},
): Promise<Registry> {
  const service = await startStoringService(orgRegistry, {
    migrations,
    env: { ...registryEnv, ...env },
    deps: { hashCost: testHashCost, ...deps },
  });
  return {
    ...service,
    db: withAuditKeys(service.owner, auditKeys),
    deps: depsOn(service.db),
    call: (...args) => accountCall({ name: "org-registry", url: service.url, ...deps }, ...args),
  };
}

export const subscription = (owner: string, version: number, seats: number, plan: PlanId = "teams") => ({
  owner,
  version,
  plan,
  interval: "month" as const,
  seats,
  status: "active" as const,
  changedAt: new Date().toISOString(),
});
