import { createHash, randomBytes } from "node:crypto";
import { formatApiKey } from "@topdog/contracts/api-key";
import type { Stack } from "@topdog/local-stack/stack";
import { Client } from "pg";

const rowsPerInsert = 5_000;
/** Enough calls a day for any run. */
const largePlan = "pro_plus";
const amplePlan = "enterprise";

/**
 * Keys of as many users, each on a large personal plan or, with null, on none. Written to the tables at once: by the operator's commands a hundred thousand
 * would take an hour.
 */
export async function createManyKeys(
  stack: Stack,
  count: number,
  plan: typeof largePlan | null = largePlan,
): Promise<string[]> {
  const keys = Array.from({ length: count }, () => formatApiKey(randomBytes(32)));
  const [registry, quota] = [await open(stack, "org_registry"), await open(stack, "quota")];
  try {
    for (let first = 0; first < count; first += rowsPerInsert) {
      const some = keys.slice(first, first + rowsPerInsert);
      const users = some.map((_, index) => `usr_bench_${count}_${first + index}`);
      const owners = users.map((user) => `user:${user}`);
      await registry.query(
        `insert into app_user (id, email, created_at) select id, id || '@topdog.example', now() from unnest($1::text[]) id`,
        [users],
      );
      await insertKeys(
        registry,
        some.map((key, index) => ({ id: `key_${users[index]}`, userId: users[index] ?? "", key })),
      );
      if (plan === null) continue;
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

/** Keys of one person: id and secret each. More of them than the account API would make, and a plan with enough calls for all. */
export async function createKeysOf(
  stack: Stack,
  userId: string,
  count: number,
): Promise<{ id: string; key: string }[]> {
  const keys = Array.from({ length: count }, (_, index) => ({
    id: `key_bench_${index}`,
    key: formatApiKey(randomBytes(32)),
  }));
  const [registry, quota] = [await open(stack, "org_registry"), await open(stack, "quota")];
  try {
    for (const database of [registry, quota])
      await database.query(`update entitlement set plan = $2 where owner = $1`, [`user:${userId}`, amplePlan]);
    await insertKeys(
      registry,
      keys.map((one) => ({ ...one, userId })),
    );
  } finally {
    await Promise.all([registry.end(), quota.end()]);
  }
  return keys;
}

async function open(stack: Stack, database: string): Promise<Client> {
  const client = new Client({ connectionString: stack.postgres.url(database, `${database}_owner`) });
  await client.connect();
  return client;
}

async function insertKeys(
  registry: Client,
  keys: readonly { readonly id: string; readonly userId: string; readonly key: string }[],
): Promise<void> {
  await registry.query(
    `insert into api_key (id, hash, name, prefix, last_four, user_id, created_at)
     select id, hash, 'bench', left(key, 8), right(key, 4), user_id, now()
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given (id, user_id, hash, key)`,
    [
      keys.map(({ id }) => id),
      keys.map(({ userId }) => userId),
      keys.map(({ key }) => createHash("sha256").update(key).digest("hex")),
      keys.map(({ key }) => key),
    ],
  );
}
