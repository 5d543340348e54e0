import type { Client } from "pg";
import { median } from "./statistics.ts";

const pairs = 7;
const statements = 200;
const leases = 32;
/** Of each lease in a statement: as a busy gateway's report has them. */
const seqs = 8;
const meter = "api_calls";

/** What the triggers that prove metering (ADR 62) add to a ledger row: the same reports with and without them, by turns. */
export async function measureTriggers(quota: Client, progress: (line: string) => void): Promise<string> {
  progress(
    `${2 * pairs} × ${statements * leases * seqs} ledger rows, with the triggers of the proof and without, by turns`,
  );
  const { rows } = await quota.query<{ id: string }>(
    `with made as (
       insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap)
       select 'org:triggers_' || n, $2, utc_today(), 'org:triggers_' || n, 'enterprise', 0, 0 from generate_series(1, $1) n
       returning owner, meter, day
     )
     insert into lease (owner, meter, day, gateway_id, size, credit_window)
     select owner, meter, day, 'gateway-triggers', 0, 32 from made returning lease_id::text as id`,
    [leases, meter],
  );
  const ids = rows.map(({ id }) => id);
  let next = 1;
  const write = async (): Promise<number> => {
    const startedMs = performance.now();
    for (let statement = 0; statement < statements; statement += 1, next += seqs) await insertRows(quota, ids, next);
    return ((performance.now() - startedMs) * 1000) / (statements * leases * seqs);
  };
  const micros = { on: [] as number[], off: [] as number[] };
  await write();
  for (let pair = 0; pair < pairs; pair += 1) {
    // Whatever else happens to the machine happens to both.
    for (const state of pair % 2 === 0 ? (["on", "off"] as const) : (["off", "on"] as const)) {
      const verb = state === "on" ? "enable" : "disable";
      await quota.query(`alter table ledger ${verb} trigger ledger_count_inserted`);
      micros[state].push(await write());
    }
  }
  await quota.query("alter table ledger enable trigger ledger_count_inserted");
  const [on, off] = [median(micros.on), median(micros.off)];
  return `a ledger row takes ${on.toFixed(1)} µs with the triggers of the proof and ${off.toFixed(1)} µs without, in statements of ${leases * seqs}: ${Math.round(1e6 / on)} rows a second on one connection`;
}

const insertRows = (quota: Client, ids: readonly string[], from: number): Promise<unknown> =>
  quota.query({
    name: "report",
    text: `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
      select id, seq, 'charge', utc_today(), $2, 1, 'admitted' from unnest($1::bigint[]) id, generate_series($3::integer, $4::integer) seq
      on conflict do nothing`,
    values: [ids, meter, from, from + seqs - 1],
  });
