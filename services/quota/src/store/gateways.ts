import type { Database } from "@topdog/postgres/pool";

/** Records that a gateway is alive. Its row is written once a second at most, however many messages it sends. */
export async function touchGateway(db: Database, gatewayId: string): Promise<void> {
  await db.raw(
    `insert into gateway as g (gateway_id, last_seen) values (?, utc_now())
     on conflict (gateway_id) do update set last_seen = excluded.last_seen
     where g.last_seen < excluded.last_seen - interval '1 second' or g.last_seen > excluded.last_seen`,
    [gatewayId],
  );
}

/** Forgets gateways that have been gone for a day and hold nothing. */
export async function forgetGateways(db: Database): Promise<void> {
  await db.raw(
    `delete from gateway g where g.last_seen < utc_now() - interval '1 day'
     and not exists (select from lease l where case when l.state = 'open' then l.gateway_id end = g.gateway_id)
     and not exists (select from permit p where p.gateway_id = g.gateway_id)`,
  );
}
