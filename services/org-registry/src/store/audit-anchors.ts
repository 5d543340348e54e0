import type { AnchoredHead } from "@topdog/contracts/events/audit-anchored";
import type { Transaction } from "@topdog/postgres/pool";

/** Takes heads that have moved since they were last anchored, and notes that they are. */
export async function takeUnanchoredHeads(trx: Transaction, limit: number): Promise<AnchoredHead[]> {
  const { rows } = await trx.raw<{ rows: AnchoredHead[] }>(
    `with moved as (
       select chain from audit_head where anchored_seq < seq order by chain limit ? for update skip locked
     )
     update audit_head set anchored_seq = seq from moved where moved.chain = audit_head.chain
     returning audit_head.chain, seq, hash`,
    [limit],
  );
  return rows;
}
