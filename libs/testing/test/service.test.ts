import { expect, test } from "@jest/globals";
import type { Database } from "@topdog/postgres/pool";
import { defineService } from "@topdog/service/define";
import { databaseFields, processFields } from "@topdog/service/fields";
import { z } from "zod";
import { testDatabase } from "../src/postgres.ts";
import { startTestService } from "../src/service.ts";

const withFewConnections = defineService({
  name: "billing",
  needs: { database: true },
  config: z.object({ ...processFields("billing"), ...databaseFields }),
  deps: { keep: (_db: Database): void => undefined },
  databaseOptions: () => ({ maxConnections: 4 }),
  build: ({ db, deps }) => {
    deps.keep(db);
    return {};
  },
});

interface Pooled {
  readonly client: { readonly config: { readonly acquireConnectionTimeout: number; readonly pool: { max: number } } };
}

test("a service under test has its own pool, but waits for a connection of it as long as a busy machine may need", async () => {
  const database = await testDatabase({ migrations: new URL("migrations/", import.meta.url) });
  const pools: unknown[] = [];
  const service = await startTestService(withFewConnections, {
    env: { DATABASE_URL: database.url },
    deps: { keep: (db) => void pools.push(db) },
  });
  await service.stop();
  await database.drop();
  const settings = pools.map((pool) => (pool as Pooled).client.config);
  expect(settings).toMatchObject([{ acquireConnectionTimeout: 30_000, pool: { max: 4 } }]);
});
