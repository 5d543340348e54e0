import type { Job } from "@topdog/service/job";
import type { RegistryDeps } from "../usecases/change.ts";
import { disableBlockedCredentials } from "../usecases/disable-blocked-credentials.ts";

const intervalMs = 60_000;
const timeoutMs = 20_000;

/** Credentials above a smaller plan's capacity are disabled, the newest ones, when their grace is over. */
export const disableBlockedCredentialsJob = (deps: RegistryDeps, graceMs: number): Job => ({
  name: "disable-blocked-credentials",
  intervalMs,
  timeoutMs,
  owner: "one",
  run: (signal) => disableBlockedCredentials(deps, graceMs, signal),
});
