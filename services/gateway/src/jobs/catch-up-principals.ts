import { listChanges } from "@topdog/contracts/rpc/list-changes";
import { callRpc } from "@topdog/messaging/rpc";
import type { Bus } from "@topdog/messaging/connect";
import type { Job } from "@topdog/service/job";
import { type CatchUpDeps, createCatchUp } from "../usecases/catch-up.ts";

const timeoutMs = 5_000;
const askTimeoutMs = 1_000;

/** Asks org-registry every few seconds what changed: no broadcast that was lost stays unnoticed for longer. */
export function catchUpPrincipals(bus: Bus, intervalMs: number, deps: Omit<CatchUpDeps, "ask">): Job {
  const ask: CatchUpDeps["ask"] = (question) => callRpc(bus, listChanges, question, { timeoutMs: askTimeoutMs });
  return { name: "principal changes", intervalMs, timeoutMs, owner: "each", run: createCatchUp({ ...deps, ask }) };
}
