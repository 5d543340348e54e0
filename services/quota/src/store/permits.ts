import type { PlanId } from "@topdog/contracts/plans";
import { subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { prepared, type Statement } from "./prepared.ts";

export interface PermitState {
  readonly owner: string;
  readonly plan: PlanId;
  readonly seats: number;
  /** Held by other gateways that are alive. */
  readonly others: number;
  /** Of the asking gateway's last answered message; null when it holds nothing yet. */
  readonly version: string | null;
}

export interface HeldPermits {
  readonly owner: string;
  readonly held: number;
}

/** The first number of this kind of advisory lock; the second is the owner's hash. */
const lockClass = 0x7e71;
/** A gateway's older messages are on their way no longer than this. */
const keepEmptyMs = 600_000;
const keepSilentMs = 3_600_000;
const maxForgotten = 20_000;

const lock: Statement<unknown> = {
  name: "lock_permits",
  sql: `select pg_advisory_xact_lock(${lockClass}, hash)
    from (select distinct hashtext(owner) as hash from unnest(?::text[]) as owner order by 1) o`,
};

const read: Statement<PermitState> = {
  name: "read_permits",
  sql: `select o.owner, coalesce(e.plan, 'free') as plan, coalesce(e.seats, 1) as seats, p.others, p.version
    from unnest(?::text[], ?::text[]) as o (owner, subscriber)
    left join entitlement e on e.owner = o.subscriber
    cross join lateral (
      select coalesce(sum(held) filter (where gateway_id <> ? and
          (?::float8 is null or (select last_seen from gateway g where g.gateway_id = permit.gateway_id) > utc_now() - make_interval(secs => ?))
        ), 0)::integer as others,
        max(version) filter (where gateway_id = ?) as version
      from permit where permit.owner = o.owner
    ) p`,
};

const write: Statement<unknown> = {
  name: "write_permits",
  sql: `insert into permit as p (owner, gateway_id, held, version, changed_at)
    select owner, ?, held, ?, utc_now() from unnest(?::text[], ?::integer[]) as g (owner, held)
    on conflict (owner, gateway_id) do update set held = excluded.held, version = excluded.version, changed_at = excluded.changed_at`,
};

/**
 * Locks these owners' permits and reads what others than this gateway hold. A gateway that was silent for `silentMs` holds nothing;
 * null: silence proves nothing now.
 */
export async function lockPermits(
  trx: Transaction,
  gatewayId: string,
  owners: readonly string[],
  silentMs: number | null,
): Promise<PermitState[]> {
  await prepared(trx, lock, [owners]);
  const seconds = silentMs === null ? null : silentMs / 1000;
  const subscribers = owners.map(subscriptionOwnerOf);
  const { rows } = await prepared(trx, read, [owners, subscribers, gatewayId, seconds, seconds, gatewayId]);
  return rows;
}

export async function writePermits(
  trx: Transaction,
  gatewayId: string,
  version: number,
  permits: readonly HeldPermits[],
): Promise<void> {
  await prepared(trx, write, [gatewayId, version, permits.map(({ owner }) => owner), permits.map(({ held }) => held)]);
}

/** Forgets what is empty, and what gateways held that are long gone. */
export async function forgetPermits(db: Database): Promise<void> {
  await db.raw(
    `delete from permit where (owner, gateway_id) in (
       select p.owner, p.gateway_id from permit p left join gateway g using (gateway_id)
       where (p.held = 0 and p.changed_at < utc_now() - make_interval(secs => ?))
          or (p.changed_at < utc_now() - make_interval(secs => ?)
              and (g.last_seen is null or g.last_seen < utc_now() - make_interval(secs => ?)))
       limit ?)`,
    [keepEmptyMs / 1000, keepSilentMs / 1000, keepSilentMs / 1000, maxForgotten],
  );
}
