import { problemKinds } from "../metrics.ts";
import { countQuarantine } from "../store/quarantine.ts";
import { countEvents } from "../store/webhook-events.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** Shows how far the inbox is behind, and what waits for a person. */
export async function measureInbox({ db, metrics }: Pick<StripeDeps, "db" | "metrics">): Promise<void> {
  const [{ pending, failed, oldestSeconds }, quarantined] = await Promise.all([countEvents(db), countQuarantine(db)]);
  metrics.pendingEvents.set(pending);
  metrics.failedEvents.set(failed);
  metrics.oldestEventSeconds.set(oldestSeconds);
  for (const kind of problemKinds) metrics.quarantined.set({ kind }, quarantined.get(kind) ?? 0);
}
