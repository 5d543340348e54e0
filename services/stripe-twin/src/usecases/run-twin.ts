import { stripeApiVersion } from "@topdog/stripe-api/version";
import { addPlanCatalogue } from "../domain/catalogue.ts";
import { nextDeliverySeconds, planDeliveries } from "../domain/deliveries.ts";
import { createFaults, type Faults, noFaults } from "../domain/fault-plan.ts";
import { addStandardConfiguration } from "../domain/portal-configurations.ts";
import { forgetOld } from "../domain/retention.ts";
import { openTx, type RequestContext, type State, type Tx } from "../domain/state.ts";
import { StripeError } from "../domain/stripe-error.ts";
import { nextTask } from "../domain/tasks.ts";
import type { WebhookSource } from "../domain/webhook-source.ts";
import type { Journal } from "../store/journal.ts";

export interface TwinDeps {
  readonly journal: Journal;
  readonly nowMs: () => number;
  /** Where the hosted pages are, for customers. */
  readonly baseUrl: () => string;
  /** Sends what is due to the webhook endpoints; resolves when nothing more is. */
  readonly deliver: (source: WebhookSource) => Promise<void>;
  /** A clock that only moves when it is told to. */
  readonly manualClock: boolean;
  /** What stands beside the catalogue from the beginning, and again after a reset. */
  readonly furnish: (tx: Tx) => void;
  /** A task that cannot be done; it is tried again when the clock has moved on. */
  readonly onTaskFailed: (error: unknown) => void;
}

type RequestIds = Pick<RequestContext, "requestId" | "idempotencyKey">;

export interface Twin extends WebhookSource {
  readonly state: State;
  readonly faults: Faults;
  nowSeconds(): number;
  /** Runs `work` in one transaction: it happens whole or, when it throws, not at all. */
  run<T>(work: (tx: Tx) => T, request?: RequestIds): T;
  /** Looks at the state, and at what `work` would make of it; nothing stays. */
  peek<T>(work: (tx: Tx) => T): T;
  /** Runs what is due by now, in order, and sends the events. */
  catchUp(): Promise<void>;
  /** Moves the clock on, through everything that happens on the way. */
  advance(toSeconds: number): Promise<void>;
  /** As at the first start, once what is under way is done. */
  reset(): Promise<void>;
}

/** More than this in one move of the clock is a loop. */
const maxStepsPerAdvance = 200_000;
const noRequest: RequestIds = { requestId: null, idempotencyKey: null };

export function createTwin(deps: TwinDeps): Twin {
  const { journal } = deps;
  const { state } = journal;
  const faults = createFaults();
  const clock = createClock(state, deps);
  const open = (request: RequestIds) =>
    openTx(state, {
      nowSeconds: clock.nowSeconds(),
      apiVersion: stripeApiVersion,
      baseUrl: deps.baseUrl(),
      ...request,
    });

  function run<T>(work: (tx: Tx) => T, request = noRequest): T {
    const { tx, changes, commit } = open(request);
    const outcome = attempt(() => work(tx));
    planDeliveries(tx, faults, state);
    const made = changes();
    commit();
    if (made.length > 0) journal.append(made);
    if ("refusal" in outcome) throw outcome.refusal;
    return outcome.result;
  }
  const begin = (): void =>
    run((tx) => {
      tx.put("meta", { ...tx.meta(), stoppedAtSeconds: deps.manualClock ? tx.nowSeconds : null });
      addPlanCatalogue(tx);
      addStandardConfiguration(tx);
      deps.furnish(tx);
    });
  let queue: Promise<void> = Promise.resolve();
  const oneByOne = (work: () => Promise<void>): Promise<void> => (queue = queue.then(work, work));

  const twin: Twin = {
    state,
    faults,
    nowSeconds: clock.nowSeconds,
    run,
    peek: (work) => work(open(noRequest).tx),
    catchUp: () => oneByOne(() => runUntil(twin, clock, clock.nowSeconds(), deps)),
    advance: (toSeconds) => oneByOne(() => moveClock(twin, clock, toSeconds, deps)),
    reset: () =>
      oneByOne(async () => {
        journal.clear();
        faults.set(noFaults);
        begin();
      }),
  };
  begin();
  return twin;
}

/** A refusal that keeps its effects is thrown after they are stored. */
function attempt<T>(work: () => T): { result: T } | { refusal: StripeError } {
  try {
    return { result: work() };
  } catch (error) {
    if (error instanceof StripeError && error.keepEffects) return { refusal: error };
    throw error;
  }
}

interface Clock {
  nowSeconds(this: void): number;
  /** Where it stands while it is moved; null: it is not. */
  movingAt: number | null;
}

function createClock(state: State, { nowMs }: TwinDeps): Clock {
  const clock: Clock = {
    movingAt: null,
    nowSeconds: () => {
      const meta = state.meta.get("meta");
      return clock.movingAt ?? meta?.stoppedAtSeconds ?? Math.floor((nowMs() + (meta?.offsetMs ?? 0)) / 1000);
    },
  };
  return clock;
}

/** Task by task in the order of their moments; one that fails is left out and does not keep the others. */
async function runUntil(twin: Twin, clock: Clock, toSeconds: number, deps: TwinDeps): Promise<void> {
  const failed = new Set<string>();
  for (let step = 0; step < maxStepsPerAdvance; step += 1) {
    const task = nextTask(twin.state, failed);
    const at = Math.min(task?.atSeconds ?? Infinity, nextDeliverySeconds(twin.state) ?? Infinity);
    if (at > toSeconds) return;
    if (clock.movingAt !== null) clock.movingAt = Math.max(clock.movingAt, at);
    if (task !== null && task.atSeconds <= twin.nowSeconds()) {
      try {
        twin.run(task.run);
      } catch (error) {
        failed.add(task.name);
        deps.onTaskFailed(error);
      }
    }
    await deps.deliver(twin);
  }
  throw new Error(`more than ${maxStepsPerAdvance} steps until ${toSeconds}`);
}

async function moveClock(twin: Twin, clock: Clock, toSeconds: number, deps: TwinDeps): Promise<void> {
  const from = twin.nowSeconds();
  if (toSeconds < from)
    throw new StripeError(400, { type: "invalid_request_error", message: "The clock cannot go back." });
  clock.movingAt = from;
  try {
    await runUntil(twin, clock, toSeconds, deps);
    clock.movingAt = toSeconds;
    twin.run((tx) => {
      forgetOld(tx);
      const stands = deps.manualClock ? { stoppedAtSeconds: toSeconds } : { offsetMs: toSeconds * 1000 - deps.nowMs() };
      tx.put("meta", { ...tx.meta(), ...stands });
    });
  } finally {
    clock.movingAt = null;
  }
}
