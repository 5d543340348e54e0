import { AppError } from "@topdog/errors/app-error";
import { findPortal } from "../clients/stripe/account.ts";
import { type Finding, judgePortal } from "../domain/account-check.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** What was right is trusted for two intervals of the check, so that one that fails stops nobody. */
const trustRightMs = 2 * 3_600_000;
/** What was wrong may have been mended: it is looked at again after this. */
const trustWrongMs = 10_000;
const retryAfterSeconds = 30;

/**
 * Whether the customer portal allows no more than we do. Who buys is shown it: while it is wrong, by the last look, nothing is sold and it
 * is opened for nobody; everything else goes on.
 */
export interface PortalWatch {
  /** Looks now. Throws AppError `payments_unavailable` when Stripe cannot be asked. */
  look(): Promise<Finding>;
  /** Looks when what was seen is old. Throws AppError `billing_not_configured` for a portal that is wrong, `payments_unavailable` when nothing is known. */
  assertRight(): Promise<void>;
  /** Throws for what was seen to be wrong; never asks Stripe. */
  assertNotWrong(): void;
}

export function createPortalWatch(
  deps: Pick<StripeDeps, "stripe" | "prices" | "nowMs" | "logger">,
  configurationId: string | undefined,
): PortalWatch {
  let seen: { readonly finding: Finding; readonly atMs: number } | null = null;
  let underWay: Promise<Finding> | null = null;

  async function ask(): Promise<Finding> {
    const finding = judgePortal(await findPortal(deps.stripe, configurationId), deps.prices);
    if (seen !== null && seen.finding.ok !== finding.ok)
      deps.logger.warn({ ok: finding.ok, detail: finding.detail }, "the customer portal's configuration changed");
    seen = { finding, atMs: deps.nowMs() };
    return finding;
  }
  const look = (): Promise<Finding> =>
    (underWay ??= ask().finally(() => {
      underWay = null;
    }));
  const isFresh = (): boolean =>
    seen !== null && deps.nowMs() - seen.atMs < (seen.finding.ok ? trustRightMs : trustWrongMs);
  const assertNotWrong = (): void => {
    if (seen !== null && !seen.finding.ok) throw wrongPortal();
  };
  return {
    look,
    assertRight: async () => {
      if (!isFresh()) await look();
      assertNotWrong();
    },
    assertNotWrong,
  };
}

const wrongPortal = (): AppError =>
  new AppError("billing_not_configured", {
    detail: "The customer portal's configuration at Stripe is not as it must be: an operator has to mend it.",
    retryAfterSeconds,
  });
