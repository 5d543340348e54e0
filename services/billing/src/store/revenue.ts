import type { Transaction } from "@topdog/postgres/pool";
import type { MovementKind } from "../domain/mrr.ts";

export interface Movement {
  readonly owner: string;
  readonly at: Date;
  readonly kind: MovementKind;
  readonly plan: string;
  readonly interval: string;
  readonly beforeMicroUsd: bigint;
  readonly afterMicroUsd: bigint;
}

export async function addMovement(trx: Transaction, movement: Movement): Promise<void> {
  const { owner, at, kind, plan, interval, beforeMicroUsd, afterMicroUsd } = movement;
  await trx.raw(
    `insert into mrr_movement (owner, at, kind, plan, interval, before_micro_usd, after_micro_usd) values (?, ?, ?, ?, ?, ?, ?)`,
    [owner, at, kind, plan, interval, String(beforeMicroUsd), String(afterMicroUsd)],
  );
}

/** Whether the owner ever paid. */
export async function hasPaid(trx: Transaction, owner: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>("select 1 from mrr_movement where owner = ? limit 1", [owner]);
  return rows.length === 1;
}
