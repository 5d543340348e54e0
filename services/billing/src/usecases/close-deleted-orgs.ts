import { AppError } from "@topdog/errors/app-error";
import { markDeletionActed, orgsToClose, type OrgToClose } from "../store/org-seats.ts";
import { runOperation } from "./begin-operation.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";
import { findCustomer } from "../store/customers.ts";

const maxAtOnce = 20;
const nothing: Record<string, never> = {};

/**
 * Does for the subscription of an org what the org's end asks: when it is announced, nothing more is charged after the period that is
 * paid for; when the org is gone, everything ends at once. An org that is restored keeps its end until somebody resumes it: we begin no
 * charge by ourselves.
 */
export async function closeDeletedOrgs(deps: OperationDeps, signal?: AbortSignal): Promise<number> {
  const orgs = await orgsToClose(deps.db, maxAtOnce);
  for (const org of orgs) {
    if (signal?.aborted === true) break;
    try {
      await closeOne(deps, org);
      await markDeletionActed(deps.db, org);
    } catch (error) {
      deps.logger.warn({ err: error, orgId: org.orgId }, "the subscription of an org that ends could not be ended yet");
    }
  }
  return orgs.length;
}

async function closeOne(deps: OperationDeps, { orgId, deletion }: OrgToClose): Promise<void> {
  const owner = `org:${orgId}`;
  // Who never was a customer is not made one for this.
  if (deletion === "none" || (await findCustomer(deps.db, owner)) === null) return;
  try {
    await runOperation(deps, owner, { kind: deletion === "done" ? "close" : "cancel", params: nothing });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "no_subscription") throw error;
  }
}
