import { isApiKey } from "@topdog/contracts/api-key";
import { keyScopes } from "@topdog/contracts/key-scopes";
import type { Transaction } from "@topdog/postgres/pool";
import { defaultKeySettings, type KeySettings } from "../domain/api-key.ts";
import { operator } from "../domain/caller.ts";
import { listLiveKeys, lockLiveKey } from "../store/api-keys.ts";
import { findKeyHolder } from "../store/key-holders.ts";
import { createId, hashKey } from "../store/key-material.ts";
import { listOrgsOf } from "../store/orgs.ts";
import { findUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { issueKey } from "./create-key.ts";
import { addOrg } from "./create-org.ts";
import { addUser } from "./create-user.ts";
import { withdrawKey } from "./revoke-key.ts";

export interface DemoKeys {
  readonly userKey: string;
  readonly teamsOwnerKey: string;
  readonly teamsMemberKey: string;
}

export interface Demo extends DemoKeys {
  readonly userId: string;
  readonly orgId: string;
  readonly teamsOwnerId: string;
  readonly memberIds: readonly string[];
}

const keyName = "demo";
const orgName = "Demo Team";
/** The demo shows the account API too. */
const demoSettings: KeySettings = { ...defaultKeySettings, scopes: keyScopes };

/**
 * The demo's users, org and keys; a second run changes nothing. Keys that were lost, or that
 * an earlier version made in another format, are revoked and replaced. The org's two
 * members are active from the start, before billing has said that their seats are paid: operators may do so, and
 * the next `subscription.updated` decides as for any org.
 */
export async function seedDemo(deps: RegistryDeps, kept: DemoKeys | null): Promise<Demo> {
  return change(deps, "everyone", async (trx, at) => {
    const user = async (email: string): Promise<string> => {
      const found = await findUser(trx, { email });
      const id = found?.id ?? (await addUser(trx, deps.randomBytes, email, at))?.id;
      if (id === undefined) throw new Error(`another seed is creating ${email}: run it again`);
      return id;
    };
    const userId = await user("demo@topdog.example");
    const teamsOwnerId = await user("demo-owner@topdog.example");
    const memberIds = [await user("demo-member-1@topdog.example"), await user("demo-member-2@topdog.example")];
    const orgs = await listOrgsOf(trx, teamsOwnerId, null, { after: null, limit: 100 });
    const found = orgs.find((org) => org.ownerUserId === teamsOwnerId && org.name === orgName);
    const wanted = { name: orgName, ownerUserId: teamsOwnerId, memberUserIds: memberIds };
    const orgId = (found ?? (await addOrg(trx, createId("org", deps.randomBytes), wanted, at))).id;

    const key = (holder: string, org: string | null, old: string | undefined): Promise<string> =>
      keepOrReplace(trx, deps, { userId: holder, orgId: org }, old, at);
    return {
      userId,
      userKey: await key(userId, null, kept?.userKey),
      orgId,
      teamsOwnerId,
      teamsOwnerKey: await key(teamsOwnerId, orgId, kept?.teamsOwnerKey),
      memberIds,
      teamsMemberKey: await key(memberIds[0] ?? "", orgId, kept?.teamsMemberKey),
    };
  });
}

async function keepOrReplace(
  trx: Transaction,
  deps: RegistryDeps,
  holder: { userId: string; orgId: string | null },
  old: string | undefined,
  at: Date,
): Promise<string> {
  if (old !== undefined && isApiKey(old)) {
    const known = await findKeyHolder(trx, hashKey(old), at);
    if (known !== null && known.userId === holder.userId && known.orgId === holder.orgId) return old;
  }
  const live = await listLiveKeys(trx, { userId: holder.userId }, { after: null, limit: 100 });
  for (const lost of live.filter((key) => key.name === keyName && key.orgId === holder.orgId)) {
    const locked = await lockLiveKey(trx, lost.id);
    if (locked !== null) await withdrawKey(trx, locked, operator, at);
  }
  const issued = await issueKey(
    trx,
    deps.randomBytes,
    { ...holder, name: keyName, settings: demoSettings },
    operator,
    at,
  );
  return issued.key;
}
