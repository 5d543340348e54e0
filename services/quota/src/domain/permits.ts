import type { PermitAsk } from "@topdog/contracts/rpc/take-permits";

/**
 * What a gateway holds after its question: what it has and wants, as far as the limit has room beside what others hold. Permits of
 * running calls stay with it: they end with their calls.
 */
export function permitsFor({ running, held, want }: PermitAsk, limit: number, others: number): number {
  return Math.max(running, Math.min(held + want, Math.max(0, limit - others)));
}
