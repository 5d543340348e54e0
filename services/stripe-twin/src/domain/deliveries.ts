import type { Faults, WebhookFaults } from "./fault-plan.ts";
import type { Delivery, DeliveryFault } from "./records.ts";
import type { State, Tx } from "./state.ts";
import type { StripeEvent, WebhookEndpoint } from "./types.ts";

const wants = ({ enabled_events, status }: WebhookEndpoint, type: string): boolean =>
  status === "enabled" && (enabled_events.includes("*") || enabled_events.includes(type));

/** Lets the fault plan at the events of this transaction, and plans their delivery to every endpoint that wants them. */
export function planDeliveries(tx: Tx, faults: Faults, state: State): void {
  const plan = faults.current().webhooks;
  for (const event of tx.emitted) {
    if (faults.hits(plan.neverGenerate)) {
      tx.remove("event", event.id);
      continue;
    }
    const events = [event];
    if (faults.hits(plan.duplicateEvent)) {
      const twin = { ...event, id: tx.newId("evt") };
      tx.put("event", twin);
      events.push(twin);
    }
    const stale = faults.hits(plan.stale) ? earlierSnapshot(state, event) : null;
    for (const endpoint of tx.all("webhook_endpoint"))
      if (wants(endpoint, event.type)) for (const one of events) planOne(tx, faults, one, endpoint, stale);
  }
}

/** The object as an earlier event showed it. */
function earlierSnapshot(state: State, event: StripeEvent): object | null {
  const idOf = ({ data }: StripeEvent): unknown => (data.object as { id?: unknown }).id;
  const earlier = [...state.event.values()].findLast((one) => idOf(one) === idOf(event));
  return earlier?.data.object ?? null;
}

function firstFault(faults: Faults, plan: WebhookFaults): DeliveryFault | null {
  if (faults.hits(plan.wrongSignature)) return "wrong_signature";
  if (faults.hits(plan.oldTimestamp)) return "old_timestamp";
  if (faults.hits(plan.futureTimestamp)) return "future_timestamp";
  if (faults.hits(plan.wrongApiVersion)) return "wrong_api_version";
  if (faults.hits(plan.otherMode)) return "other_mode";
  return null;
}

function planOne(tx: Tx, faults: Faults, event: StripeEvent, endpoint: WebhookEndpoint, stale: object | null): void {
  const plan = faults.current().webhooks;
  const copies = faults.hits(plan.duplicate) ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    const id = tx.newId("dlv");
    tx.put("delivery", {
      id,
      event: event.id,
      endpoint: endpoint.id,
      status: faults.hits(plan.drop) ? "dropped" : "pending",
      attempts: 0,
      dueSeconds: tx.nowSeconds + (faults.hits(plan.delay) ? faults.upTo(plan.delaySecondsMax) : 0),
      order: tx.meta().counter + (faults.hits(plan.reorder) ? 2 * faults.upTo(plan.reorderSpan) + 0.5 : 0),
      fault: firstFault(faults, plan),
      staleObject: stale,
      lastStatus: null,
    });
  }
}

/** The delivery that goes next of those that are due; null: none is. */
export function nextDelivery(state: State, nowSeconds: number): Delivery | null {
  let next: Delivery | null = null;
  for (const one of state.delivery.values())
    if (one.status === "pending" && one.dueSeconds <= nowSeconds && (next === null || one.order < next.order))
      next = one;
  return next;
}

/** When the next delivery falls due; null: none waits. */
export function nextDeliverySeconds(state: State): number | null {
  const due = [...state.delivery.values()].flatMap((one) => (one.status === "pending" ? [one.dueSeconds] : []));
  return due.length === 0 ? null : Math.min(...due);
}

const retrySeconds = [60, 300, 1800, 7200, 18_000, 36_000];
const laterRetrySeconds = 43_200;
const retryForSeconds = 3 * 86_400;

/** What becomes of a delivery whose attempt was answered with this status; null: it is done. 0: there was no answer. */
export function afterAttempt(
  delivery: Delivery,
  event: StripeEvent,
  status: number,
  nowSeconds: number,
): Delivery | null {
  if (status >= 200 && status < 300) return null;
  const attempts = delivery.attempts + 1;
  const dueSeconds = nowSeconds + (retrySeconds[attempts - 1] ?? laterRetrySeconds);
  const gaveUp = dueSeconds > event.created + retryForSeconds;
  return { ...delivery, attempts, dueSeconds, fault: null, lastStatus: status, status: gaveUp ? "failed" : "pending" };
}
