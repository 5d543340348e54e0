import type { AnyRpc } from "../event.ts";
import { checkCredential } from "./check-credential.ts";
import { compareEntitlements, compareLimits, compareMembers, compareOrgs } from "./compare-snapshots.ts";
import { listChanges } from "./list-changes.ts";
import { listCredentials } from "./list-credentials.ts";
import { noteKeyUses } from "./note-key-uses.ts";
import { replayDeadLetterOf } from "./replay-dead-letter.ts";
import { resolvePrincipal } from "./resolve-principal.ts";
import { resolveSession } from "./resolve-session.ts";
import { resolveStanding } from "./resolve-standing.ts";
import { sumUsageRpc } from "./sum-usage.ts";
import { syncLeases } from "./sync-leases.ts";
import { takePermits } from "./take-permits.ts";

/** Every question on the bus: who may ask and who may answer follows from this list. */
export const rpcCatalog: readonly AnyRpc[] = [
  checkCredential,
  compareEntitlements,
  compareLimits,
  compareMembers,
  compareOrgs,
  listChanges,
  listCredentials,
  noteKeyUses,
  ...Object.values(replayDeadLetterOf),
  resolvePrincipal,
  resolveSession,
  resolveStanding,
  sumUsageRpc,
  syncLeases,
  takePermits,
];
