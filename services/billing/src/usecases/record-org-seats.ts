import type { Transaction } from "@topdog/postgres/pool";
import type { OrgSeats } from "../domain/org-seats.ts";
import { putNewerOrgSeats } from "../store/org-seats.ts";

/** Returns whether the snapshot was newer than the stored one. */
export const recordOrgSeats = (trx: Transaction, org: OrgSeats): Promise<boolean> => putNewerOrgSeats(trx, org);
