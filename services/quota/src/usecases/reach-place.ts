import type { AccountCaller } from "@topdog/contracts/account-call";
import { memberCeilingBucket } from "@topdog/contracts/quota";
import type { Ceiling } from "@topdog/contracts/rpc/resolve-principal";
import type { Standing } from "@topdog/contracts/rpc/resolve-standing";
import { AppError } from "@topdog/errors/app-error";
import {
  type Account,
  accountOfKey,
  accountOfMember,
  accountOfUser,
  type FindStanding,
  type Place,
  seesUsageOfOrg,
} from "../domain/place.ts";

const orgNotFound = (): AppError => new AppError("not_found", { detail: "There is no such org." });

/**
 * Where the caller acts. A key is confined to its own place; a person who is signed in names the org, and is asked about each time:
 * who was removed sees nothing from then on. A missing org and somebody else's give the same 404.
 */
export async function reachPlace(findStanding: FindStanding, caller: AccountCaller, orgId?: string): Promise<Place> {
  const { userId } = caller;
  if (caller.kind === "key") {
    if (orgId !== undefined && orgId !== caller.orgId) throw orgNotFound();
    const { role } = caller;
    // Who holds a key of an org has a seat there.
    return { userId, orgId: caller.orgId, seesWholeOrg: role !== null && seesUsageOfOrg({ role, active: true }) };
  }
  if (orgId === undefined) return { userId, orgId: null, seesWholeOrg: false };
  const { member } = await findStanding(userId, orgId);
  if (member === null) throw orgNotFound();
  return { userId, orgId, seesWholeOrg: seesUsageOfOrg(member) };
}

/** Slots for provider credentials: of the user, or of an org's pool. */
export interface Slots {
  readonly orgId: string | null;
  readonly scope: "user" | "org";
  readonly used: number;
  readonly capacity: number;
}

export interface Accounts {
  readonly accounts: readonly Account[];
  /** On the asking key, and on the member. */
  readonly ceilings: readonly Ceiling[];
  readonly slots: readonly Slots[];
}

/** What the caller's calls are charged to: those of a key, or of a person's own keys and of the org that they name. */
export async function reachAccounts(
  findStanding: FindStanding,
  caller: AccountCaller,
  orgId?: string,
): Promise<Accounts> {
  if (caller.kind === "key") {
    const place = await reachPlace(findStanding, caller, orgId);
    const { scope, used, capacity } = caller.byok;
    return {
      accounts: [accountOfKey(caller, place.orgId)],
      ceilings: caller.ceilings ?? [],
      slots: [{ orgId: scope === "org" ? place.orgId : null, scope, used, capacity }],
    };
  }
  const { member, byok } = await findStanding(caller.userId, orgId ?? null);
  if (orgId !== undefined && member === null) throw orgNotFound();
  const slots = byok.map((one): Slots => ({ ...one, orgId: one.scope === "org" ? (orgId ?? null) : null }));
  const own = accountOfUser(caller.userId);
  if (orgId === undefined || member === null) return { accounts: [own], ceilings: [], slots };
  return {
    accounts: [own, accountOfMember(orgId, caller.userId, member.active)],
    ceilings: ceilingsOf(orgId, caller.userId, member),
    slots,
  };
}

const ceilingsOf = (orgId: string, userId: string, { ceiling }: NonNullable<Standing["member"]>): Ceiling[] =>
  ceiling === undefined ? [] : [{ owner: memberCeilingBucket(orgId, userId), ...ceiling, setBy: "org" }];
