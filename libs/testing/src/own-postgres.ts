import { rm } from "node:fs/promises";
import { startPostgres } from "@topdog/local-stack/postgres";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { Client } from "pg";

export interface OwnPostgres {
  readonly adminUrl: string;
  /** Runs a text of statements as one query, as whom the URL names: the superuser when none is given. */
  query(sql: string, url?: string): Promise<void>;
  kill9(): Promise<void>;
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** A server of the test's own, for a test that kills it; takes seconds, so every other test uses `testDatabase`. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const dataDir = makeScratchFolder("own-postgres");
  const server = await startPostgres({ dataDir });
  return {
    adminUrl: server.adminUrl,
    query: async (sql, url = server.adminUrl) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    },
    kill9: () => server.kill9(),
    restart: () => server.restart(),
    stop: async () => {
      await server.stop("immediate");
      await rm(server.home, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
