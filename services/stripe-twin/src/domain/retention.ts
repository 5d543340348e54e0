import type { Tx } from "./state.ts";

const eventSeconds = 30 * 86_400;
const idempotencySeconds = 86_400;

/** Events can be listed for 30 days, an idempotency key counts for one. */
export function forgetOld(tx: Tx): void {
  const gone = new Set<string>();
  for (const { id, created } of tx.all("event")) {
    if (created > tx.nowSeconds - eventSeconds) break;
    gone.add(id);
    tx.remove("event", id);
  }
  if (gone.size > 0) for (const { id, event } of tx.all("delivery")) if (gone.has(event)) tx.remove("delivery", id);
  for (const { id, createdSeconds } of tx.all("idempotency"))
    if (createdSeconds <= tx.nowSeconds - idempotencySeconds) tx.remove("idempotency", id);
}
