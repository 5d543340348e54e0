import type { AnyRpc } from "../event.ts";
import { listChanges } from "./list-changes.ts";
import { resolvePrincipal } from "./resolve-principal.ts";
import { syncLeases } from "./sync-leases.ts";

/** Every question on the bus: who may ask and who may answer follows from this list. */
export const rpcCatalog: readonly AnyRpc[] = [resolvePrincipal, listChanges, syncLeases];
