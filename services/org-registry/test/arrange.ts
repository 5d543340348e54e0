import { inTransaction } from "@topdog/postgres/transaction";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { applyEntitlement } from "../src/usecases/apply-entitlement.ts";
import { createOrg } from "../src/usecases/create-org.ts";
import { createUser } from "../src/usecases/create-user.ts";
import type { PlanId } from "@topdog/contracts/plans";
import type { CallingKey, CallingSession } from "../src/domain/caller.ts";
import type { Entitlement } from "../src/domain/seats.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";

let emails = 0;

export async function someUser(deps: RegistryDeps): Promise<string> {
  emails += 1;
  return (await createUser(deps, `user-${emails}-${process.pid}@example.test`)).id;
}

/** An org with an owner, `members` active ones, and `seats` paid seats under Teams. */
export async function someOrg(
  deps: RegistryDeps,
  wanted: { members: number; seats: number },
): Promise<{ orgId: string; owner: string; members: string[] }> {
  const owner = await someUser(deps);
  const members: string[] = [];
  for (let index = 0; index < wanted.members; index += 1) members.push(await someUser(deps));
  const { id: orgId } = await createOrg(deps, { name: "Acme", ownerUserId: owner, memberUserIds: members });
  await inTransaction(deps.db, (trx) =>
    applyEntitlement(trx, entitlement(`org:${orgId}`, 1, wanted.seats), new Date(deps.nowMs())),
  );
  return { orgId, owner, members };
}

export const entitlement = (owner: string, version: number, seats: number, plan: PlanId = "teams"): Entitlement => ({
  owner,
  version,
  plan,
  seats,
  changedAt: new Date(),
});

/** A user as the caller, by a live key of theirs. */
export async function callerFor(deps: RegistryDeps, userId: string, orgId: string | null = null): Promise<CallingKey> {
  const { record } = await createKeyAsOperator(deps, { userId, orgId, name: "caller" });
  return { userId, orgId, keyId: record.id };
}

/** A user as the caller, in a session. */
export const signedIn = (userId: string): CallingSession => ({
  userId,
  orgId: null,
  keyId: null,
  sessionId: "ses_of_caller",
});
