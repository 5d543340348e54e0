import type { Database, Transaction } from "@topdog/postgres/pool";

/** One name for one text. `row` is never there: it says what type the statement's rows have. */
export interface Statement<T> {
  readonly name: string;
  readonly sql: string;
  readonly row?: T;
}

export interface Rows<T> {
  readonly rows: T[];
  readonly rowCount: number | null;
}

/**
 * Runs a statement that each connection plans once: planning these costs more than running them. Values are what the driver
 * takes: text, numbers, and lists of them.
 */
export async function prepared<T>(
  db: Database | Transaction,
  { name, sql }: Statement<T>,
  values: readonly unknown[],
): Promise<Rows<T>> {
  return db.raw<Rows<T>>(sql, values as never).options({ name: `quota_${name}` });
}
