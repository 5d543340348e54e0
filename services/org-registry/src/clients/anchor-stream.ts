import { type AnchoredHead, auditAnchored } from "@topdog/contracts/events/audit-anchored";
import type { Bus } from "@topdog/messaging/connect";

const stream = "TOPDOG_STATE";

/** Every anchor that the bus still keeps, oldest first. */
export async function readAnchors(bus: Bus): Promise<AnchoredHead[]> {
  const heads: AnchoredHead[] = [];
  let seq = 1;
  for (;;) {
    const stored = await bus.jsm.direct.getMessage(stream, { seq, next_by_subj: auditAnchored.subject });
    if (stored === null) return heads;
    heads.push(...auditAnchored.schema.parse(stored.json()).heads);
    seq = stored.seq + 1;
  }
}
