import type { Transaction } from "@topdog/postgres/pool";
import type { Invitation } from "../domain/invitation.ts";
import { appendAudit } from "../store/audit-log.ts";
import { takeLapsed } from "../store/invitations.ts";
import { change, type RegistryDeps } from "./change.ts";

const lapsedPerRun = 200;

/** Forgets invitations that nobody answered: what stays of them is in the audit log. */
export async function lapseInvitations(deps: RegistryDeps): Promise<void> {
  await change(deps, "everyone", async (trx, at) =>
    recordLapsed(trx, await takeLapsed(trx, null, at, lapsedPerRun), at),
  );
}

export async function recordLapsed(trx: Transaction, lapsed: readonly Invitation[], at: Date): Promise<void> {
  for (const { id, orgId, email, role } of lapsed) {
    const details = { email, role };
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor: "time",
      action: "invitation.lapsed",
      target: id,
      details,
    });
  }
}
