import type { CredentialStatus, SealedCredential as Wire } from "@topdog/contracts/byok";
import { byokCapacity, plans } from "@topdog/contracts/plans";
import type { Entitlement } from "./seats.ts";

/** Whose a credential is: `user:<id>` or `org:<id>`. */
export type Tenant = `user:${string}` | `org:${string}`;

/** What may be shown of a provider credential. */
export interface Credential {
  readonly id: string;
  readonly tenant: Tenant;
  readonly addedBy: string;
  readonly provider: string;
  readonly version: number;
  readonly label: string;
  readonly lastFour: string;
  /** Lower ones are tried first. */
  readonly position: number;
  readonly status: CredentialStatus;
  readonly checkedAt: Date | null;
  /** Null: every model, every member. */
  readonly allowedModels: readonly string[] | null;
  readonly allowedMembers: readonly string[] | null;
  readonly createdAt: Date;
  readonly blockedSince: Date | null;
  readonly disabledAt: Date | null;
}

export interface SealedCredential extends Credential {
  readonly envelope: Wire["envelope"];
}

/** How many of its slots a tenant uses, and what it chose. */
export interface TenantState {
  readonly live: number;
  readonly used: number;
  readonly fallback: boolean;
}

export const noCredentials: TenantState = { live: 0, used: 0, fallback: false };

/** Credentials a tenant may hold. A pool that the plan lacks has no slots. */
export function capacityOf(tenant: Tenant, entitlement: Pick<Entitlement, "plan" | "seats"> | null): number {
  const { scope, capacity } = byokCapacity(plans[entitlement?.plan ?? "free"], entitlement?.seats ?? 1);
  return tenant.startsWith(`${scope}:`) ? capacity : 0;
}

const shortestShown = 16;
const shown = 4;

/** The last characters, by which people recognise a key; none of a short one, of which they would be too large a part. */
export const lastFourOf = (secret: string): string => (secret.length < shortestShown ? "" : secret.slice(-shown));
