import type { Job } from "@topdog/service/job";
import type { RegistryDeps } from "../usecases/change.ts";
import { completeDeletions } from "../usecases/delete-org.ts";

/** Ends the orgs whose owners deleted them and did not restore them in time. */
export const completeOrgDeletions = (deps: RegistryDeps): Job => ({
  name: "complete-org-deletions",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "one",
  run: (signal) => completeDeletions(deps, signal),
});
