import type { Job } from "@topdog/service/job";
import { anchorAudit } from "../usecases/anchor-audit.ts";
import type { RegistryDeps } from "../usecases/change.ts";

/** What is written between two runs is not anchored yet. */
export const anchorAuditHeads = (deps: RegistryDeps): Job => ({
  name: "anchor-audit-heads",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "one",
  run: (signal) => anchorAudit(deps, signal),
});
