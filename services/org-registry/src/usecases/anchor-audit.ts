import { auditAnchored, headsPerAnchor } from "@topdog/contracts/events/audit-anchored";
import { appendOutbox } from "@topdog/messaging/outbox";
import { takeUnanchoredHeads } from "../store/audit-anchors.ts";
import { change, type RegistryDeps } from "./change.ts";

const anchorsPerRun = 50;

/** Publishes where the chains end now: who could write this database afterwards cannot take that back. */
export async function anchorAudit(deps: RegistryDeps, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < anchorsPerRun && !signal.aborted; round += 1) {
    const anchored = await change(deps, "everyone", async (trx, at) => {
      const heads = await takeUnanchoredHeads(trx, headsPerAnchor);
      if (heads.length > 0) await appendOutbox(trx, auditAnchored, { at: at.toISOString(), heads });
      return heads.length;
    });
    if (anchored < headsPerAnchor) return;
  }
}
