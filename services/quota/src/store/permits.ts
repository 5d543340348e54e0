import type { PlanId } from "@topdog/contracts/plans";
import { subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { prepared, type Statement } from "./prepared.ts";
import { serverStarted, type ServerSign } from "./server-started.ts";

export interface PermitState {
  readonly owner: string;
  readonly plan: PlanId;
  readonly seats: number;
  /** Held by other gateways that are alive. */
  readonly others: number;
  /** Of the asking gateway's last answered message; null when it holds nothing yet. */
  readonly version: string | null;
  /** By the asking gateway, after that message. */
  readonly held: number | null;
}

export interface HeldPermits {
  readonly owner: string;
  readonly held: number;
}

export interface LockedPermits extends ServerSign {
  readonly states: readonly PermitState[];
}

/** What the question of a gateway does to owners' permits within one transaction. */
export interface PermitTransaction {
  /**
   * Locks these owners' permits and reads what others than this gateway hold. A gateway that was silent for `silentMs` holds nothing, and what
   * was written before the server was started is over, unless its gateway said it again; null: silence proves nothing now.
   */
  readonly lock: (gatewayId: string, owners: readonly string[], silentMs: number | null) => Promise<LockedPermits>;
  readonly write: (gatewayId: string, version: number, permits: readonly HeldPermits[]) => Promise<void>;
}

export interface PermitStore {
  /** May run `work` again after a conflict: it must have no effect outside. */
  readonly transaction: <T>(work: (tx: PermitTransaction) => Promise<T>) => Promise<T>;
}

export const createPermitStore = (db: Database): PermitStore => ({
  transaction: (work) =>
    inTransaction(db, (trx) =>
      work({
        lock: (gatewayId, owners, silentMs) => lockPermits(trx, gatewayId, owners, silentMs),
        write: (gatewayId, version, permits) => writePermits(trx, gatewayId, version, permits),
      }),
    ),
});

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

// Who was heard in the future was heard before the clock was put back: it is taken for gone as the silent ones are.
const read: Statement<PermitState & ServerSign> = {
  name: "read_permits",
  sql: `select o.owner, coalesce(e.plan, 'free') as plan, coalesce(e.seats, 1) as seats, p.others, p.version, p.held,
      (extract(epoch from utc_now()) * 1000)::float8 as "nowMs", ${serverStarted} as "serverStarted"
    from unnest(?::text[], ?::text[]) as o (owner, subscriber)
    left join entitlement e on e.owner = o.subscriber
    cross join lateral (
      select coalesce(sum(held) filter (where gateway_id <> ? and
          (?::float8 is null or server_started = ${serverStarted} and
            (select abs(extract(epoch from g.last_seen - utc_now())) from gateway g where g.gateway_id = permit.gateway_id) < ?)
        ), 0)::integer as others,
        max(version) filter (where gateway_id = ?) as version, max(held) filter (where gateway_id = ?) as held
      from permit where permit.owner = o.owner
    ) p`,
};

const write: Statement<unknown> = {
  name: "write_permits",
  sql: `insert into permit as p (owner, gateway_id, held, version, changed_at, server_started)
    select owner, ?, held, ?, utc_now(), ${serverStarted} from unnest(?::text[], ?::integer[]) as g (owner, held)
    on conflict (owner, gateway_id) do update
    set held = excluded.held, version = excluded.version, changed_at = excluded.changed_at, server_started = excluded.server_started`,
};

async function lockPermits(
  trx: Transaction,
  gatewayId: string,
  owners: readonly string[],
  silentMs: number | null,
): Promise<LockedPermits> {
  await prepared(trx, lock, [owners]);
  const seconds = silentMs === null ? null : silentMs / 1000;
  const subscribers = owners.map(subscriptionOwnerOf);
  const { rows } = await prepared(trx, read, [owners, subscribers, gatewayId, seconds, seconds, gatewayId, gatewayId]);
  const [sign] = rows;
  if (sign === undefined) throw new Error("permits of nobody were read");
  return { states: rows, nowMs: sign.nowMs, serverStarted: sign.serverStarted };
}

async function writePermits(
  trx: Transaction,
  gatewayId: string,
  version: number,
  permits: readonly HeldPermits[],
): Promise<void> {
  await prepared(trx, write, [gatewayId, version, permits.map(({ owner }) => owner), permits.map(({ held }) => held)]);
}

/** Forgets what is empty, and what gateways held that are long gone: it reads these and no other permits. */
export async function forgetPermits(db: Database): Promise<void> {
  await db.raw(
    `delete from permit where ctid = any(array(
       select ctid from permit where held = 0 and changed_at < (select utc_now()) - make_interval(secs => ?)
       order by changed_at limit ?))`,
    [keepEmptyMs / 1000, maxForgotten],
  );
  await db.raw(
    `delete from permit where ctid = any(array(
       select p.ctid from gateway g
       cross join lateral (select ctid from permit where gateway_id = g.gateway_id limit ?) p
       where g.last_seen < (select utc_now()) - make_interval(secs => ?) limit ?))`,
    [maxForgotten, keepSilentMs / 1000, maxForgotten],
  );
}
