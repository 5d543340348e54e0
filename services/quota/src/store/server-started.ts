/** What the database's server says of itself. */
export interface ServerSign {
  /** Its clock, Unix milliseconds. */
  readonly nowMs: number;
  /** One that is restored from a backup, or takes another's place, says something else. */
  readonly serverStarted: string;
}

/** SQL, of type text: when the database's server was started. */
export const serverStarted = "extract(epoch from pg_postmaster_start_time())::text";
