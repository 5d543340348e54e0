/** Why a call gets no permit: the plan's concurrent requests are all in use, or quota cannot be asked. */
export type PermitRefusal =
  | { readonly reason: "over"; readonly limit: number; readonly running: number }
  | { readonly reason: "unavailable" };

export type PermitOutcome = "taken" | PermitRefusal;

export interface WaitingForPermit {
  readonly sinceMs: number;
  readonly settle: (outcome: PermitOutcome) => void;
}

/** What this gateway knows and holds of one owner's concurrent requests. */
export interface PermitEntry {
  readonly owner: string;
  held: number;
  running: number;
  limit: number;
  others: number;
  /** What is held is known to be ours since then: quota was asked at that time. */
  confirmedMs: number;
  inFlight: boolean;
  /** A question was not answered: quota may count more for us than is held here. */
  isUnsure: boolean;
  /** Of the questions since a call began to wait. */
  attempts: number;
  /** What no call uses goes back once the question under way is answered. */
  isRecalled: boolean;
  /** Until then a call without a free permit is refused without a question. */
  overUntilMs: number;
  readonly waiting: WaitingForPermit[];
}

export const newPermitEntry = (owner: string): PermitEntry => ({
  owner,
  held: 0,
  running: 0,
  limit: 0,
  others: 0,
  confirmedMs: Number.NEGATIVE_INFINITY,
  inFlight: false,
  isUnsure: false,
  attempts: 0,
  isRecalled: false,
  overUntilMs: Number.NEGATIVE_INFINITY,
  waiting: [],
});
