import { compareMembers, compareOrgs } from "@topdog/contracts/rpc/compare-snapshots";
import { answerComparison } from "@topdog/messaging/reconcile";
import type { ConsumerContext } from "@topdog/service/define";
import { memberVersions } from "../store/org-members.ts";
import { orgVersions } from "../store/org-seats.ts";

type Context = Pick<ConsumerContext, "bus" | "db" | "logger">;

/** Tells org-registry which orgs have not reached billing. */
export const answerCompareOrgs = ({ bus, db, logger }: Context) =>
  answerComparison(compareOrgs, { bus, logger, versionsOf: (orgIds) => orgVersions(db, orgIds) });

export const answerCompareMembers = ({ bus, db, logger }: Context) =>
  answerComparison(compareMembers, { bus, logger, versionsOf: (keys) => memberVersions(db, keys) });
