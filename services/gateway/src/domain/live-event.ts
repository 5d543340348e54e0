import type { ApiKeyFact } from "@topdog/contracts/events/api-key-events";
import type { CredentialFact } from "@topdog/contracts/events/credential-events";
import type { MemberChanged, MemberRole } from "@topdog/contracts/events/org-events";
import type { UsageCounted } from "@topdog/contracts/signals/usage-counted";

/** Who looks at live figures: a person, in their own account and perhaps in one org. */
export interface Viewer {
  readonly userId: string;
  readonly orgId: string | null;
  /** In that org. */
  readonly member: { readonly role: MemberRole; readonly active: boolean } | null;
  readonly operator: boolean;
}

export type LiveEventName =
  | "ready"
  | "usage"
  | "subscription"
  | "org"
  | "member"
  | "key"
  | "credential"
  | "byok"
  | "provider"
  | "end";

/** Something that happened, as pages are told: ids and figures, never a hash or a secret. */
export interface LiveEvent {
  readonly name: LiveEventName;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Whose news it is: a user's own, or an org's. */
export type Audience = { readonly userId: string } | { readonly orgId: string } | "operators";

const runsOrg = ({ member }: Viewer): boolean =>
  member !== null && member.active && (member.role === "owner" || member.role === "admin");

/** `user:<id>` or `org:<id>`, as an audience. */
export function audienceOf(tenant: string): Exclude<Audience, "operators"> {
  const [kind, id = ""] = tenant.split(":");
  return kind === "org" ? { orgId: id } : { userId: id };
}

export const orgIdOf = (audience: Audience): string | null =>
  audience !== "operators" && "orgId" in audience ? audience.orgId : null;

/** A person's own keys; in an org the keys of all members for those who run it, and everybody's own. */
export const seesKey = (viewer: Viewer, { userId }: Pick<ApiKeyFact, "userId">): boolean =>
  viewer.userId === userId || runsOrg(viewer);

/** As the list of members: who holds no seat learns of nobody else. */
export const seesMember = (viewer: Viewer, { userId }: Pick<MemberChanged, "userId">): boolean =>
  viewer.userId === userId || viewer.member?.active === true;

/** A person's own; an org's for those who manage them. */
export const seesCredential = (viewer: Viewer, { tenant }: Pick<CredentialFact, "tenant">): boolean =>
  tenant === `user:${viewer.userId}` || runsOrg(viewer);

/** What a viewer's calls are charged to: whose figures they see. */
export function bucketOwnersOf({ userId, orgId, member }: Viewer): readonly string[] {
  const own = `user:${userId}`;
  if (orgId === null) return [own];
  return member?.active === true ? [own, `seat:${orgId}:${userId}`, `org:${orgId}`] : [own, `org:${orgId}`];
}

/** One signal in the place of two: the newer figure of each meter, and all calls. Of another day, only the newer one counts. */
export function mergeUsage(older: UsageCounted, newer: UsageCounted): UsageCounted {
  if (older.day > newer.day) return { ...older, calls: older.calls + newer.calls };
  const kept =
    older.day < newer.day ? [] : older.meters.filter(({ meter }) => newer.meters.every((one) => one.meter !== meter));
  return { ...newer, meters: [...kept, ...newer.meters], calls: older.calls + newer.calls };
}

export function usageEvent({ owner, day, meters, calls }: UsageCounted): LiveEvent {
  const [kind, id = ""] = owner.split(":");
  return {
    name: "usage",
    data: {
      orgId: kind === "user" ? null : id,
      source: kind === "org" ? "org_pool" : "personal",
      day,
      meters: meters.map((one) => ({ ...one, remaining: Math.max(0, one.limit - one.used) })),
      calls,
    },
  };
}
