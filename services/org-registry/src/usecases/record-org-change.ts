import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { Member, Org } from "../domain/org.ts";
import { bumpOrgVersion, countActiveMembers } from "../store/orgs.ts";

type ChangedMember = Member & { readonly removed?: boolean };

/** Announces changed members and the org's new snapshot, and returns that. The caller holds the org's owner lock. */
export async function recordMemberChanges(
  trx: Transaction,
  org: Org,
  members: readonly ChangedMember[],
  at: Date,
  { deleted = false } = {},
): Promise<Org> {
  await announceMembers(trx, members, at);
  const changed = { ...org, version: await bumpOrgVersion(trx, org.id) };
  await announceOrg(trx, changed, at, deleted);
  return changed;
}

/** Announces an org that was just inserted, with its first members. */
export async function recordNewOrg(trx: Transaction, org: Org, members: readonly Member[], at: Date): Promise<void> {
  await announceMembers(trx, members, at);
  await announceOrg(trx, org, at);
}

/** Also again, as they are: whoever has that version already ignores it. */
export async function announceMembers(trx: Transaction, members: readonly ChangedMember[], at: Date): Promise<void> {
  const changedAt = at.toISOString();
  for (const { orgId, userId, version, role, active, removed = false } of members) {
    await appendOutbox(trx, memberChanged, { orgId, userId, version, role, active, removed, changedAt });
  }
}

/** Also again, as it is. */
export async function announceOrg(trx: Transaction, org: Org, at: Date, deleted = false): Promise<void> {
  await appendOutbox(trx, orgUpdated, {
    orgId: org.id,
    version: org.version,
    name: org.name,
    ownerUserId: org.ownerUserId,
    activeMembers: await countActiveMembers(trx, org.id),
    deletionDueAt: org.deletionDueAt?.toISOString() ?? null,
    deleted,
    changedAt: at.toISOString(),
  });
}
