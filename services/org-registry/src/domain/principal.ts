import { orgTenant, userTenant } from "@topdog/contracts/byok";
import type { PlanId } from "@topdog/contracts/plans";
import {
  type CeilingLimit,
  keyCeilingBucket,
  memberCeilingBucket,
  orgBucket,
  seatBucket,
  userBucket,
} from "@topdog/contracts/quota";
import type { Ceiling, Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { ModelRules } from "@topdog/contracts/model-rules";
import { capacityOf, type Tenant } from "./credential.ts";
import { isRuled } from "./model-rules.ts";
import type { KeyRestrictions } from "@topdog/contracts/key-restrictions";
import type { KeySettings } from "./api-key.ts";

/** A live key with what decides its principal. */
export interface KeyHolder {
  readonly keyId: string;
  /** Of a service account's key, that account's id. */
  readonly userId: string;
  readonly isServiceAccount: boolean;
  readonly orgId: string | null;
  /** Null outside an org, or for a membership that is gone. */
  readonly role: MemberRole | null;
  readonly active: boolean;
  /** The plan in force for the org of an org key, else for the user; null when billing has told none. */
  readonly plan: PlanId | null;
  readonly seats: number;
  /** Provider credentials of the user and of the key's org. */
  readonly credentials: { readonly own: Held; readonly pool: Held };
  /** Of the key's org. */
  readonly modelRules: ModelRules;
  readonly settings: KeySettings;
  /** Of the key, as an admin of its org set it: calls a day. */
  readonly orgCeiling: number | null;
  /** Of the key's ceilings. */
  readonly ceilingVersion: number;
  readonly memberCeiling: CeilingLimit | null;
}

/** Credentials that exist, and those of them that are not disabled. */
interface Held {
  readonly live: number;
  readonly used: number;
}

/** A key's principal; null when its holder has no seat in its org. A service account needs none. */
export function principalOf(holder: KeyHolder): Principal | null {
  const { keyId, userId, orgId } = holder;
  if (orgId !== null && ((holder.role === null && !holder.isServiceAccount) || !holder.active)) return null;
  return {
    keyId,
    userId,
    orgId,
    role: orgId === null ? null : holder.role,
    scopes: holder.settings.scopes,
    restrictions: restrictionsOf(holder.settings),
    ...(isRuled(holder.modelRules) ? { modelRules: holder.modelRules } : {}),
    buckets: bucketsOf(holder),
    ...ceilingsOf(holder),
    byok: byokOf(holder),
  };
}

function bucketsOf({ userId, orgId, isServiceAccount }: KeyHolder): Principal["buckets"] {
  if (orgId === null) return { personal: userBucket(userId), org: null };
  return { personal: isServiceAccount ? null : seatBucket(orgId, userId), org: orgBucket(orgId) };
}

/** The lower of a key's two ceilings is in force, and that of its member besides. */
function ceilingsOf({ keyId, userId, orgId, ...holder }: KeyHolder): Pick<Principal, "ceilings"> {
  const ceilings: Ceiling[] = [];
  const own = holder.settings.dailyCeiling ?? Number.POSITIVE_INFINITY;
  const set = holder.orgCeiling ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(own, set);
  const setBy = set < own ? "org" : "holder";
  if (Number.isFinite(limit)) {
    ceilings.push({ owner: keyCeilingBucket(keyId), limit, version: holder.ceilingVersion, setBy });
  }
  if (holder.memberCeiling !== null && orgId !== null) {
    ceilings.push({ owner: memberCeilingBucket(orgId, userId), ...holder.memberCeiling, setBy: "org" });
  }
  return ceilings.length === 0 ? {} : { ceilings };
}

/** The slots that the key's calls are told of, and whose credentials may serve them. */
function byokOf({ userId, orgId, plan, seats, credentials }: KeyHolder): Principal["byok"] {
  const { own, pool } = credentials;
  const tenant = (orgId === null ? userTenant(userId) : orgTenant(orgId)) as Tenant;
  const tenants = [
    ...(own.live > 0 ? [userTenant(userId)] : []),
    ...(orgId !== null && pool.live > 0 ? [orgTenant(orgId)] : []),
  ];
  return {
    scope: orgId === null ? "user" : "org",
    used: (orgId === null ? own : pool).used,
    capacity: capacityOf(tenant, plan === null ? null : { plan, seats }),
    ...(tenants.length === 0 ? {} : { tenants }),
  };
}

/** Null for a key without any: gateways then have nothing to check. */
function restrictionsOf({ expiresAt, allowedModels, allowedAddresses }: KeySettings): KeyRestrictions | null {
  if (expiresAt === null && allowedModels === null && allowedAddresses === null) return null;
  return {
    expiresAtMs: expiresAt?.getTime() ?? null,
    models: allowedModels === null ? null : [...allowedModels],
    addresses: allowedAddresses === null ? null : [...allowedAddresses],
  };
}
