import type { SessionCaller } from "@topdog/contracts/account-call";
import { accountCall, type Answer, type As, callerEnv } from "@topdog/testing/account-call";
import { startStoringService, type StoringTestService } from "@topdog/testing/service";
import { billing } from "../src/app.ts";
import type { SetPlanDeps } from "../src/usecases/set-plan.ts";

export const migrations = new URL("../migrations/", import.meta.url);

export interface Billing extends StoringTestService {
  /** For arranging a test without HTTP. */
  readonly deps: SetPlanDeps;
  call(method: string, path: string, as: As | SessionCaller | null, body?: unknown): Promise<Answer>;
}

/** The whole service against a database and a bus of the test's own. */
export async function startBilling(env: Readonly<Record<string, string>> = {}): Promise<Billing> {
  const service = await startStoringService(billing, { migrations, env: { ...callerEnv, ...env } });
  const deps = { db: service.db, nowMs: Date.now, regulatedLineup: env["REGULATED_LINEUP"] === "true" };
  return { ...service, deps, call: (...args) => accountCall({ name: "billing", url: service.url }, ...args) };
}

export const org = (orgId: string, version: number, activeMembers: number, ownerUserId = "usr_owner") => ({
  orgId,
  version,
  name: "Acme",
  ownerUserId,
  activeMembers,
  deletionDueAt: null,
  deleted: false,
  changedAt: new Date().toISOString(),
});
