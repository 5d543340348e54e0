import { expireCheckout } from "./checkout.ts";
import { afterDebit } from "./checkout-payment.ts";
import { collectOpen, expireIncomplete, settleProcessing } from "./collect.ts";
import { advanceDraft, periodEndOf, turnPeriod } from "./cycle.ts";
import { dropPendingChange } from "./pending-change.ts";
import { turnPhase } from "./schedules.ts";
import type { State, Tx } from "./state.ts";
import { endSubscription } from "./subscription-end.ts";
import { isEnded, saveSubscription } from "./subscriptions.ts";
import { announceTrialEnd } from "./trial-reminder.ts";
import type { Invoice, Subscription } from "./types.ts";

/** Something that happens by itself at a moment. */
export interface Task {
  /** What it does to which object, and when: the same as long as it has not been done. */
  readonly name: string;
  readonly atSeconds: number;
  readonly run: (tx: Tx) => void;
}

const task = (verb: string, id: string, atSeconds: number, run: Task["run"]): Task => ({
  name: `${verb} ${id} ${atSeconds}`,
  atSeconds,
  run,
});

const incompleteSeconds = 23 * 3600;

function* subscriptionTasks(subscription: Subscription): Generator<Task> {
  const { id, status, pause_collection: pause, cancel_at: cancelAt } = subscription;
  if (isEnded(subscription)) return;
  if (status === "incomplete") {
    yield task("expire", id, subscription.created + incompleteSeconds, (tx) => expireIncomplete(tx, id));
    return;
  }
  if (typeof pause?.resumes_at === "number")
    yield task("resume", id, pause.resumes_at, (tx) => {
      saveSubscription(tx, { ...tx.need("subscription", id), pause_collection: null });
    });
  if (cancelAt !== null)
    yield task("cancel", id, cancelAt, (tx) => {
      endSubscription(tx, id, { reason: "cancellation_requested" });
    });
  if (status !== "paused") yield task("turn period", id, periodEndOf(subscription), (tx) => turnPeriod(tx, id));
}

function* invoiceTasks({ id, status, ...invoice }: Invoice): Generator<Task> {
  const { automatically_finalizes_at: draftEnd, next_payment_attempt: retryAt } = invoice;
  if (status === "draft" && draftEnd !== null) yield task("advance", id, draftEnd, (tx) => advanceDraft(tx, id));
  if (status === "open" && retryAt !== null)
    yield task("retry", id, retryAt, (tx) => {
      collectOpen(tx, id);
    });
}

/** All that is to come, in the order in which what is due at the same moment happens. */
function* tasksOf(state: State): Generator<Task> {
  for (const { id, dueSeconds } of state.reminder.values())
    yield task("announce", id, dueSeconds, (tx) => announceTrialEnd(tx, id));
  for (const { id, dueSeconds } of state.settlement.values())
    yield task("settle", id, dueSeconds, (tx) => afterDebit(tx, id, settleProcessing(tx, id)));
  for (const change of state.pending_change.values()) {
    const expiresAt = state.subscription.get(change.subscription)?.pending_update?.expires_at;
    if (expiresAt !== undefined) yield task("drop", change.id, expiresAt, (tx) => dropPendingChange(tx, change));
  }
  for (const { id, status, current_phase } of state.subscription_schedule.values())
    if (status === "active" && current_phase !== null)
      yield task("turn phase", id, current_phase.end_date, (tx) => turnPhase(tx, id));
  for (const subscription of state.subscription.values()) yield* subscriptionTasks(subscription);
  for (const invoice of state.invoice.values()) yield* invoiceTasks(invoice);
  for (const { id, status, expires_at } of state["checkout.session"].values())
    if (status === "open")
      yield task("expire", id, expires_at, (tx) => {
        expireCheckout(tx, id);
      });
}

/** The first thing that happens by itself, of those whose name is not in `without`; null: nothing ever. */
export function nextTask(state: State, without: ReadonlySet<string> = new Set()): Task | null {
  let first: Task | null = null;
  for (const one of tasksOf(state))
    if ((first === null || one.atSeconds < first.atSeconds) && !without.has(one.name)) first = one;
  return first;
}
