import type { OrgUpdated } from "@topdog/contracts/events/org-events";
import type { Transaction } from "@topdog/postgres/pool";
import { putNewerOrgSeats } from "../store/org-seats.ts";

/** Returns whether the snapshot was news. */
export const recordOrgSeats = (trx: Transaction, org: OrgUpdated): Promise<boolean> => putNewerOrgSeats(trx, org);
