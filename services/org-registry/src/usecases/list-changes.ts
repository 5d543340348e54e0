import type { Database } from "@topdog/postgres/pool";
import { changesHorizon, type ChangesPage, listChangesSince } from "../store/changes.ts";

interface Question {
  readonly since: string | null;
  readonly after: string | null;
}

/** A page of what changed in principals, with the horizon for the next question. */
export async function listPrincipalChanges(
  db: Database,
  { since, after }: Question,
): Promise<ChangesPage & { readonly horizon: string }> {
  const horizon = await changesHorizon(db);
  if (since === null) return { horizon, changes: [], next: null };
  return { horizon, ...(await listChangesSince(db, since, after)) };
}
