import type { Database } from "@topdog/postgres/pool";
import type { Job } from "@topdog/service/job";
import { closeDeletedOrgs } from "../usecases/close-deleted-orgs.ts";
import { reportStripeCheck } from "../usecases/check-stripe.ts";
import { recoverOperations } from "../usecases/perform-operation.ts";
import type { OperationDeps } from "../usecases/operations/operation-deps.ts";
import { forgetOldRecords } from "../usecases/forget-old-records.ts";
import { resyncDue } from "../usecases/resync-due.ts";
import { sweep } from "../usecases/sweep.ts";
import { measureInbox } from "../usecases/measure-inbox.ts";
import type { PortalWatch } from "../usecases/watch-portal.ts";

const timeoutMs = 25_000;
/** A slice ends before its timeout: it keeps its place, and is no failure. */
const sliceMs = 20_000;

const withinSlice = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(sliceMs)]);

/** The periodic work that needs Stripe. */
export const createStripeJobs = (
  deps: OperationDeps,
  portalConfigurationId: string | undefined,
  portalWatch: PortalWatch,
): Job[] => [
  // At the start, and again for what is changed in Stripe's dashboard meanwhile.
  {
    name: "check-stripe",
    intervalMs: 3_600_000,
    timeoutMs,
    owner: "each",
    run: async () => {
      await portalWatch.look();
      await reportStripeCheck(deps, portalConfigurationId);
    },
  },
  {
    name: "sweep",
    intervalMs: 30_000,
    timeoutMs,
    owner: "one",
    run: (signal) => sweep(deps, { signal: withinSlice(signal) }),
  },
  {
    name: "resync-due",
    intervalMs: 10_000,
    timeoutMs,
    owner: "one",
    run: (signal) => resyncDue(deps, withinSlice(signal)),
  },
  { name: "recover-operations", intervalMs: 15_000, timeoutMs, owner: "one", run: () => recoverOperations(deps) },
  {
    name: "close-deleted-orgs",
    intervalMs: 5_000,
    timeoutMs,
    owner: "one",
    run: (signal) => closeDeletedOrgs(deps, withinSlice(signal)),
  },
  { name: "measure-inbox", intervalMs: 10_000, timeoutMs, owner: "each", run: () => measureInbox(deps) },
];

export const forgetOldRecordsJob = (db: Database): Job => ({
  name: "forget-old-records",
  intervalMs: 3_600_000,
  timeoutMs,
  owner: "one",
  run: () => forgetOldRecords(db),
});
