import type { ErrorCode } from "@topdog/errors/registry";

export interface FailureRule {
  /** For docs/failures.md: what the upstream did. */
  readonly signal: string;
  /** Where the call goes: to another credential, to another provider, or nowhere. */
  readonly next: "credential" | "provider" | "end";
  /** Where no other is left, the same one is asked once more. */
  readonly againWhenAlone: boolean;
  /** What rests of the credential that the call was made with: all of it, or for this model. Nobody else's rests. */
  readonly rests: "account" | "model" | null;
  /**
   * To the breaker that all tenants share: "counts" once another tenant or our own probe has failed too, "proves" whoever called
   * (nothing of the caller's was sent), "alive", or "neutral".
   */
  readonly breaker: "counts" | "proves" | "alive" | "neutral";
  readonly error: ErrorCode;
}

type Rule = readonly [FailureRule["signal"], FailureRule["next"], FailureRule["breaker"], ErrorCode];
const rule = ([signal, next, breaker, error]: Rule, more: Partial<FailureRule> = {}): FailureRule => ({
  signal,
  next,
  againWhenAlone: false,
  rests: null,
  breaker,
  error,
  ...more,
});

/** Why an attempt at one upstream gave nothing, and all that follows from it. docs/failures.md is this table; a test compares the two. */
export const failureTable = {
  connect: rule(
    ["No connection: refused, unknown host, connect timeout", "provider", "proves", "upstream_unavailable"],
    {
      againWhenAlone: true,
    },
  ),
  dropped: rule(["The connection was closed before the answer's head", "provider", "counts", "upstream_unavailable"], {
    // A kept connection may have been closed by the server meanwhile.
    againWhenAlone: true,
  }),
  timeout: rule(["408, or no content in time", "provider", "counts", "upstream_timeout"]),
  server_error: rule([
    "500 and other 5xx, 409, 424, or an error inside of a 200",
    "provider",
    "counts",
    "upstream_failed",
  ]),
  overloaded: rule(["498, 503, 529, or an overload inside of a 200", "provider", "counts", "upstream_overloaded"]),
  rate_limited: rule(["429 or 425, with or without Retry-After", "credential", "alive", "upstream_rate_limited"], {
    rests: "model",
  }),
  tier_full: rule([
    "The same, or no content in time, of a call in the tier `flex`: it has no room, and others may",
    "provider",
    "neutral",
    "upstream_rate_limited",
  ]),
  out_of_credit: rule(
    ["402, or any 4xx whose code says that the account has no credit left", "credential", "alive", "upstream_rejected"],
    {
      rests: "account",
    },
  ),
  credential: rule(
    ["401, or any 4xx whose code says that the key is wrong", "credential", "alive", "upstream_rejected"],
    {
      rests: "account",
    },
  ),
  // Nothing rests for these two: what a caller sends can bring them about, at a firewall for instance.
  forbidden: rule(["403", "credential", "alive", "upstream_rejected"]),
  model_missing: rule([
    "404, unless it names another thing than the model",
    "credential",
    "alive",
    "upstream_rejected",
  ]),
  redirect: rule(["A redirect: never followed", "provider", "counts", "upstream_answer_invalid"]),
  malformed: rule([
    "Not an answer: another document, JSON where a stream was asked, an event that cannot be read",
    "provider",
    "counts",
    "upstream_answer_invalid",
  ]),
  oversized: rule(["An answer or an event beyond its bound", "provider", "neutral", "upstream_answer_invalid"]),
  cut: rule(["The answer began and broke off", "provider", "counts", "upstream_answer_cut"]),
  stalled: rule(["The answer began and fell silent", "provider", "counts", "upstream_timeout"]),
  saturated: rule(["Not asked: as many calls as allowed are in flight there", "provider", "neutral", "overloaded"]),
  resting: rule(["Not asked: its breaker is open", "provider", "neutral", "upstream_resting"]),
  deadline: rule(["The call's own deadline passed", "end", "neutral", "upstream_timeout"]),
  aborted: rule(["The caller went away", "end", "neutral", "upstream_unavailable"]),
} as const satisfies Record<string, FailureRule>;

export type FailureKind = keyof typeof failureTable;
export const failureKinds = Object.keys(failureTable) as readonly FailureKind[];
export const ruleOf = (kind: FailureKind): FailureRule => failureTable[kind];

/** What an HTTP status of an upstream means by itself; the body of a 4xx may say more. */
export function classifyStatus(status: number): "answer" | "callers_fault" | FailureKind {
  if (status === 200) return "answer";
  if (status >= 300 && status < 400) return "redirect";
  switch (status) {
    case 408:
      return "timeout";
    case 425:
    case 429:
      return "rate_limited";
    case 402:
      return "out_of_credit";
    case 401:
      return "credential";
    case 403:
      return "forbidden";
    case 404:
      return "model_missing";
    case 409:
    case 424:
      return "server_error";
    // Groq's, for a tier without room.
    case 498:
    case 503:
    case 529:
      return "overloaded";
    default:
  }
  if (status >= 400 && status < 500) return "callers_fault";
  return status >= 500 ? "server_error" : "malformed";
}
