import { runOperation } from "./begin-operation.ts";
import type { OperationDeps } from "./operations/operation-deps.ts";

const nothing: Record<string, never> = {};

/** What is paid for stays until the period ends. */
export const cancelSubscription = async (deps: OperationDeps, owner: string): Promise<void> =>
  void (await runOperation(deps, owner, { kind: "cancel", params: nothing }));

/** Takes back a cancellation or a change that has not come yet. */
export const resumeSubscription = async (deps: OperationDeps, owner: string): Promise<void> =>
  void (await runOperation(deps, owner, { kind: "resume", params: nothing }));
