import { connectBus, type Bus } from "../src/connect.ts";
import { createConsumer, type Consumer, type ConsumerOptions } from "../src/consume.ts";
import { subscriptionUpdated, type SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { durableFor } from "@topdog/contracts/topology";
import type { TestBusUser } from "@topdog/testing/bus-identities";
import { silentLogger } from "@topdog/testing/logger";
import type { TestNats } from "@topdog/testing/nats";
import type { TestDatabase } from "@topdog/testing/postgres";

export const migrations = new URL("migrations/", import.meta.url);
export const durable = durableFor("quota", subscriptionUpdated.subject);

export const snapshot = (version: number, owner = "user:usr_1"): SubscriptionUpdated => ({
  ...subscriptionUpdated.example,
  owner,
  version,
});

/** A connection of its own, beside the one that `busOf` shares. */
export const connect = (nats: TestNats, name: TestBusUser): Promise<Bus> =>
  connectBus({ url: nats.url, seed: nats.seedOf(name), name, logger: silentLogger() });

/** A consumer whose effect is a row per event. */
export function effectConsumer(
  bus: Bus,
  { db }: Pick<TestDatabase, "db">,
  over: Partial<ConsumerOptions<SubscriptionUpdated>> = {},
): Consumer {
  return createConsumer({
    bus,
    db,
    durable,
    event: subscriptionUpdated,
    handle: async (trx, { owner, version }) => {
      await trx("effect").insert({ owner, version });
    },
    logger: silentLogger(),
    backoffMs: () => 20,
    ...over,
  });
}

/** The versions that had an effect, in order of version. */
export async function effects({ db }: Pick<TestDatabase, "db">): Promise<number[]> {
  const rows = await db("effect").orderBy("version").select<{ version: number }[]>("version");
  return rows.map((row) => row.version);
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
