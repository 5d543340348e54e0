import { randomBytes } from "node:crypto";
import { type As, sessionOf } from "@topdog/testing/account-call";
import { inTransaction } from "@topdog/postgres/transaction";
import { hashKey } from "../src/store/key-material.ts";
import { insertSession } from "../src/store/sessions.ts";
import { insertInvitation, saveLink } from "../src/store/invitations.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { createOrg } from "../src/usecases/create-org.ts";
import { offerOwnership } from "../src/usecases/transfer-ownership.ts";
import { change } from "../src/usecases/change.ts";
import { createServiceAccount } from "../src/usecases/manage-service-accounts.ts";
import { removeMember } from "../src/usecases/remove-member.ts";
import { entitlement, signedIn, someUser } from "./arrange.ts";
import { applyEntitlement } from "../src/usecases/apply-entitlement.ts";
import type { Registry } from "./start-registry.ts";

type Caller = Parameters<Registry["call"]>[2];

/** One org with everybody who may stand to it in some way, and one of each thing that an endpoint names. */
export interface AccessSetting {
  readonly callers: Readonly<Record<string, Caller>>;
  /** What stands for a path's parameters. */
  readonly params: Readonly<Record<string, string>>;
  readonly token: string;
}

const longAgo = new Date(Date.now() - 16 * 60_000).toISOString();

/** The least that is allowed first: who is refused changes nothing for those after. */
export async function arrangeAccess({ deps, db }: Registry): Promise<AccessSetting> {
  const people = await Promise.all(Array.from({ length: 9 }, () => someUser(deps)));
  const [owner = "", admin = "", member = "", billing = "", seatless = "", removed = "", subject = ""] = people;
  const [, , , , , , , invited = "", otherOwner = ""] = people;
  const memberUserIds = [admin, member, billing, seatless, removed, subject];
  const { id: orgId } = await createOrg(deps, { name: "Acme", ownerUserId: owner, memberUserIds });
  const { id: otherOrgId } = await createOrg(deps, { name: "Other", ownerUserId: otherOwner });
  await inTransaction(deps.db, (trx) => applyEntitlement(trx, entitlement(`org:${orgId}`, 1, 9), new Date()));
  const owning = signedIn(owner);
  await changeMember(deps, owning, { orgId, userId: admin }, { role: "admin" });
  await changeMember(deps, owning, { orgId, userId: billing }, { role: "billing" });
  await changeMember(deps, owning, { orgId, userId: seatless }, { active: false });
  await removeMember(deps, owning, { orgId, userId: removed }, undefined);
  await offerOwnership(deps, owning, orgId, subject);
  const { record } = await createKeyAsOperator(deps, { userId: subject, orgId, name: "subject" });
  const keyOf = async (userId: string, inOrg: string | null): Promise<As> => ({
    userId,
    orgId: inOrg,
    keyId: (await createKeyAsOperator(deps, { userId, orgId: inOrg, name: "calls" })).record.id,
  });
  const token = randomBytes(32).toString("base64url");
  const invitationId = `inv_${randomBytes(6).toString("hex")}`;
  await db.raw("update app_user set email_verified_at = now() where id = ?", [invited]);
  const { rows } = await db.raw<{ rows: { email: string }[] }>("select email from app_user where id = ?", [invited]);
  const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + 86_400_000) };
  const invitation = {
    id: invitationId,
    orgId,
    email: rows[0]?.email ?? "",
    role: "member",
    invitedBy: owner,
  } as const;
  await change(deps, "everyone", async (trx) => {
    await insertInvitation(trx, { ...invitation, ...times });
    await saveLink(trx, invitationId, hashKey(token), null);
  });
  const at = new Date();
  const session = { id: `ses_${owner}`, userId: owner, tokenHash: hashKey(owner), createdAt: at, authenticatedAt: at };
  const lasts = { secondFactorAt: null, lastSeenAt: at, expiresAt: new Date(Date.now() + 86_400_000) };
  await change(deps, { userId: owner }, (trx) =>
    insertSession(trx, { ...session, ...lasts, address: "192.0.2.1", userAgent: "" }),
  );
  const { id: serviceAccountId } = await createServiceAccount(deps, owning, { orgId, name: "ci" });
  return {
    token,
    params: {
      orgId,
      userId: subject,
      keyId: record.id,
      invitationId,
      credentialId: "cred_missing",
      serviceAccountId,
      sessionId: `ses_${owner}`,
      passkeyId: "pky_own",
      identityId: "idn_own",
    },
    callers: {
      nobody: null,
      visitor: { kind: "visitor", address: "192.0.2.1", userAgent: "a browser" },
      "other org's owner": sessionOf(otherOwner),
      "other org's key": await keyOf(otherOwner, otherOrgId),
      removed: sessionOf(removed),
      invited: sessionOf(invited),
      "member's org key": await keyOf(member, orgId),
      "owner's org key": await keyOf(owner, orgId),
      "owner's own key": await keyOf(owner, null),
      "without a seat": sessionOf(seatless),
      billing: sessionOf(billing),
      member: sessionOf(member),
      "owner, proof too old": sessionOf(owner, { authenticatedAt: longAgo }),
      admin: sessionOf(admin),
      owner: sessionOf(owner, { sessionId: `ses_${owner}` }),
    },
  };
}
