import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller, operator } from "../domain/caller.ts";
import type { Member, Org } from "../domain/org.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId } from "../store/key-material.ts";
import { insertMember, insertOrg } from "../store/orgs.ts";
import { findUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { recordNewOrg } from "./record-org-change.ts";
import { requireRoomForOrg } from "./transfer-ownership.ts";

export interface NewOrg {
  readonly name: string;
  readonly ownerUserId: string;
  /** Members besides the owner, given seats at once: for operators, used by the demo seed. */
  readonly memberUserIds?: readonly string[];
}

/** An org of the caller's own: they are its owner and only member, on one seat, until a subscription pays for more. */
export async function foundOrg(deps: RegistryDeps, caller: Caller, name: string): Promise<Org> {
  const { userId } = caller;
  const id = createId("org", deps.randomBytes);
  return change(deps, { userId, orgId: id }, async (trx, at) => {
    await requireRoomForOrg(trx, userId);
    return addOrg(trx, id, { name, ownerUserId: userId }, at, actorOf(caller));
  });
}

/** For operators. */
export async function createOrg(deps: RegistryDeps, input: NewOrg): Promise<Org> {
  return change(deps, "everyone", async (trx, at) => {
    if ((await findUser(trx, { userId: input.ownerUserId })) === null) {
      throw new AppError("not_found", { detail: "There is no such user." });
    }
    return addOrg(trx, createId("org", deps.randomBytes), input, at);
  });
}

export async function addOrg(trx: Transaction, id: string, input: NewOrg, at: Date, actor = operator): Promise<Org> {
  const { name, ownerUserId, memberUserIds = [] } = input;
  const org: Org = {
    id,
    name,
    ownerUserId,
    version: 1,
    createdAt: at,
    deletionDueAt: null,
    offer: null,
  };
  await insertOrg(trx, org);
  const members: Member[] = [];
  for (const userId of [ownerUserId, ...memberUserIds]) {
    const role = userId === ownerUserId ? "owner" : "member";
    const member = await insertMember(trx, { orgId: org.id, userId, role, active: true }, at);
    if (member !== null) members.push(member);
  }
  await appendAudit(trx, {
    chain: `org:${org.id}`,
    at,
    actor,
    action: "org.created",
    target: org.id,
    details: { name, ownerUserId, members: members.length },
  });
  await recordNewOrg(trx, org, members, at);
  return org;
}
