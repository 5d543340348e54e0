import { createHash, randomBytes } from "node:crypto";
import { formatApiKey } from "@topdog/contracts/api-key";
import type { Stack } from "@topdog/local-stack/stack";
import { Client } from "pg";

const rowsPerInsert = 5_000;
/** Enough calls a day for any run. */
const plan = "pro_plus";

/**
 * Keys of as many users, each on a personal plan. Written to the tables at once: by the operator's commands a hundred thousand
 * would take an hour.
 */
export async function createManyKeys(stack: Stack, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, () => formatApiKey(randomBytes(32)));
  const [registry, quota] = [await open(stack, "org_registry"), await open(stack, "quota")];
  try {
    for (let first = 0; first < count; first += rowsPerInsert) {
      const some = keys.slice(first, first + rowsPerInsert);
      const users = some.map((_, index) => `usr_bench_${first + index}`);
      const owners = users.map((user) => `user:${user}`);
      await insertKeys(registry, users, some);
      await registry.query(
        `insert into entitlement (owner, version, plan, seats, changed_at) select unnest($1::text[]), 1, $2, 1, now()`,
        [owners, plan],
      );
      await quota.query(`insert into entitlement (owner, plan, seats, version) select unnest($1::text[]), $2, 1, 1`, [
        owners,
        plan,
      ]);
    }
  } finally {
    await Promise.all([registry.end(), quota.end()]);
  }
  return keys;
}

async function open(stack: Stack, database: string): Promise<Client> {
  const client = new Client({ connectionString: stack.postgres.url(database, database) });
  await client.connect();
  return client;
}

async function insertKeys(registry: Client, users: readonly string[], keys: readonly string[]): Promise<void> {
  const hashes = keys.map((key) => createHash("sha256").update(key).digest("hex"));
  await registry.query(
    `insert into app_user (id, email, created_at) select id, id || '@topdog.example', now() from unnest($1::text[]) id`,
    [users],
  );
  await registry.query(
    `insert into api_key (id, hash, name, prefix, last_four, user_id, created_at)
     select 'key_' || user_id, hash, 'bench', left(key, 8), right(key, 4), user_id, now()
     from unnest($1::text[], $2::text[], $3::text[]) as given (user_id, hash, key)`,
    [users, hashes, keys],
  );
}
