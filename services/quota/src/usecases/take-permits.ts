import { plans } from "@topdog/contracts/plans";
import { concurrencyLimit } from "@topdog/contracts/quota";
import type { PermitAsk, PermitGrant, takePermits } from "@topdog/contracts/rpc/take-permits";
import type { PermitsRecalled } from "@topdog/contracts/signals/permits-recalled";
import type { z } from "zod";
import { permitsFor } from "../domain/permits.ts";
import type { PermitMetrics } from "../metrics.ts";
import type { HeldPermits, PermitState, PermitStore, PermitTransaction } from "../store/permits.ts";
import type { Presence } from "./gateway-presence.ts";
import type { Listening } from "./listening.ts";

export interface PermitDeps {
  readonly store: PermitStore;
  readonly presence: Presence;
  readonly listening: Listening;
  readonly metrics: PermitMetrics;
  /** Asks other gateways for what they do not use. May be lost. */
  readonly recall: (signal: PermitsRecalled) => void;
}

type Request = z.infer<typeof takePermits.request>;
type Reply = z.infer<typeof takePermits.reply>;

/**
 * A gateway that was silent for so long holds no permits: four of its heartbeats. It uses none of them by then, unless nobody hears
 * quota, and then nobody else is given them.
 */
export const permitSilenceMs = 6_000;

/**
 * Writes down what a gateway holds and gives it more where the plan's concurrent requests have room. One lock for each owner,
 * so that gateways that ask at once never get more together than the plan has.
 */
export async function answerPermits(deps: PermitDeps, request: Request): Promise<Reply> {
  await deps.presence.seen(request.gatewayId);
  const asks = [...new Map(request.asks.map((ask) => [ask.owner, ask])).values()];
  if (asks.length === 0) return { grants: [] };
  const { grants, history } = await deps.store.transaction((tx) => answerOnce(tx, deps.listening, request, asks));
  for (const [index, grant] of grants.entries()) {
    const lacks = grant.held !== null && grant.held < (asks[index]?.held ?? 0) + (asks[index]?.want ?? 0);
    if (lacks && grant.others > 0) deps.recall({ owner: grant.owner, forGateway: request.gatewayId });
    deps.metrics.permits.inc({ outcome: lacks ? "short" : "ok" });
  }
  return { grants, history };
}

async function answerOnce(
  tx: PermitTransaction,
  listening: Listening,
  { gatewayId, version }: Request,
  asks: readonly PermitAsk[],
): Promise<Required<Reply>> {
  const owners = asks.map(({ owner }) => owner);
  let locked = await tx.lock(gatewayId, owners, listening.sinceMs() >= permitSilenceMs ? permitSilenceMs : null);
  if (!listening.confirmed(locked)) locked = await tx.lock(gatewayId, owners, null);
  const { states } = locked;
  const byOwner = new Map(states.map((state) => [state.owner, state]));
  const held: HeldPermits[] = [];
  const grants = asks.map((ask) => {
    const grant = grantOf(ask, byOwner.get(ask.owner), version);
    if (grant.held !== null) held.push({ owner: ask.owner, held: grant.held });
    return grant;
  });
  if (held.length > 0) await tx.write(gatewayId, version, held);
  return { grants, history: locked.serverStarted };
}

function grantOf(ask: PermitAsk, state: PermitState | undefined, version: number): PermitGrant {
  if (state === undefined) throw new Error("an owner's permits were not read");
  const limit = concurrencyLimit(ask.owner, plans[state.plan], state.seats);
  const last = state.version === null ? -1 : Number(state.version);
  const granted = permitsFor(ask, limit, state.others);
  // A repetition may come long after the answer was heard: it is granted no more than then, for its gateway would not know of it.
  const again = Math.min(granted, Math.max(ask.running, state.held ?? 0));
  const held = last > version ? null : last === version ? again : granted;
  return { owner: ask.owner, held, limit, others: state.others };
}
