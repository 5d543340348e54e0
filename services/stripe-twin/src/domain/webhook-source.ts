import type { State, Tx } from "./state.ts";

/** What a sender of webhooks reads, and where it says how an attempt went. */
export interface WebhookSource {
  readonly state: State;
  nowSeconds(): number;
  run<T>(work: (tx: Tx) => T): T;
}
