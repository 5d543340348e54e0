import knex, { type Knex } from "knex";

export type Database = Knex;
export type Transaction = Knex.Transaction;

export interface DatabaseOptions {
  /** `postgres://role:password@host:port/database`. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly maxConnections?: number;
  /** The server cancels a statement after this long. */
  readonly statementTimeoutMs?: number;
  /** A query waits for a connection no longer; 2,000 when absent. */
  readonly acquireTimeoutMs?: number;
  /** Server settings of every connection. Only for planner switches and the like: a pooler between may drop them. */
  readonly settings?: Readonly<Record<string, string>>;
}

const ignore = (): void => undefined;
const defaultAcquireTimeoutMs = 2_000;
const idleTimeoutMs = 30_000;
/** A process that hangs in a transaction holds its locks no longer. */
const idleInTransactionTimeoutMs = 10_000;
const keepAliveDelayMs = 10_000;
/** The client gives up this long after the server should have: for a server that hangs. */
const readTimeoutMarginMs = 2_000;

/**
 * A pool of connections. While the server is away a query fails within `acquireTimeoutMs`, and no error outside a query is ever thrown:
 * a broken connection leaves the pool by itself and the next query opens another.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const acquireTimeoutMs = options.acquireTimeoutMs ?? defaultAcquireTimeoutMs;
  return knex({
    client: "pg",
    connection: {
      connectionString: options.url,
      application_name: options.applicationName,
      ...settingsOf(options.settings ?? {}),
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
      connectionTimeoutMillis: acquireTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + readTimeoutMarginMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    },
    acquireConnectionTimeout: acquireTimeoutMs,
    // What knex would print, the failed query throws as well.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
    pool: {
      min: 0,
      max: options.maxConnections ?? 10,
      idleTimeoutMillis: idleTimeoutMs,
      createTimeoutMillis: acquireTimeoutMs + 500,
      afterCreate: (connection: { on(event: "error", listener: () => void): void }, done: (error: null) => void) => {
        // Knex marks a failed connection as disposed; this listener is what keeps its error from ending the process.
        connection.on("error", ignore);
        done(null);
      },
    },
  });
}

const settingsOf = (settings: Readonly<Record<string, string>>): { options?: string } => {
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  return flags.length === 0 ? {} : { options: flags.join(" ") };
};
