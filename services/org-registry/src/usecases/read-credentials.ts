import { credentialsPerAnswer, type ListedCredential } from "@topdog/contracts/rpc/list-credentials";
import type { Database } from "@topdog/postgres/pool";
import type { KeyPosition } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import {
  capacityOf,
  type Credential,
  type SealedCredential,
  type Tenant,
  type TenantState,
} from "../domain/credential.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { actingTenant } from "../store/acting.ts";
import { findTenant } from "../store/byok-tenants.ts";
import { listCredentialsOf, listSealed } from "../store/credentials.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { reachTenant } from "./reach-tenant.ts";

export interface CredentialPage extends Page<Credential, KeyPosition> {
  readonly tenant: Tenant;
  readonly state: TenantState;
  readonly capacity: number;
}

export async function readCredentials(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string | undefined,
  query: PageQuery<KeyPosition>,
): Promise<CredentialPage> {
  return read(deps.db, actingOf(caller), async (trx) => {
    const tenant = await reachTenant(trx, caller, orgId);
    const rows = await listCredentialsOf(trx, tenant, withOneMore(query));
    const page = pageOf(rows, query.limit, ({ createdAt, id }) => ({ createdAtMs: createdAt.getTime(), id }));
    const capacity = capacityOf(tenant, await findEntitlement(trx, tenant));
    return { ...page, tenant, capacity, state: await findTenant(trx, tenant) };
  });
}

export interface SealedList {
  readonly credentials: readonly ListedCredential[];
  readonly hasMore: boolean;
  readonly fallback: boolean;
}

/** For routers, who hold the keyring. */
export async function readSealed(db: Database, tenant: Tenant, skip: number): Promise<SealedList> {
  const { fallback, rows } = await read(db, actingTenant(tenant), async (trx) => ({
    fallback: (await findTenant(trx, tenant)).fallback,
    rows: await listSealed(trx, tenant, { skip, limit: credentialsPerAnswer + 1 }),
  }));
  const credentials = rows.slice(0, credentialsPerAnswer).map(toListed);
  return { credentials, fallback, hasMore: rows.length > credentialsPerAnswer };
}

const toListed = (one: SealedCredential): ListedCredential => ({
  id: one.id,
  addedBy: one.addedBy,
  provider: one.provider,
  version: one.version,
  status: one.status,
  envelope: one.disabledAt === null ? one.envelope : null,
  allowedModels: one.allowedModels === null ? null : [...one.allowedModels],
  allowedMembers: one.allowedMembers === null ? null : [...one.allowedMembers],
});
