import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type SubscriptionUpdated, subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { processedEventMigrationSql } from "@topdog/messaging/consume";
import { appendOutbox, outboxMigrationSql } from "@topdog/messaging/outbox";
import { onEventBroadcast } from "@topdog/messaging/signal";
import { migrate } from "@topdog/postgres/migrate";
import { inTransaction } from "@topdog/postgres/transaction";
import { dumpSchema } from "@topdog/postgres/schema-dump";
import { eventually } from "@topdog/testing/eventually";
import { toSubscriptionUpdated } from "../src/domain/subscription-announcement.ts";
import { findSubscription, putSubscription } from "../src/store/subscriptions.ts";
import { setPlan } from "../src/usecases/set-plan.ts";
import { type Billing, migrations, startBilling } from "./start-billing.ts";

describe("set-plan", () => {
  let billing: Billing;
  beforeAll(async () => {
    billing = await startBilling();
  });
  afterAll(() => billing.stop());

  const announcedFor = async (owner: string): Promise<SubscriptionUpdated[]> => {
    const { rows } = await billing.db.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where payload like ? order by seq",
      [`%"${owner}"%`],
    );
    return rows.map((row) => JSON.parse(row.payload) as SubscriptionUpdated);
  };

  const announcementOf = async (owner: string): Promise<SubscriptionUpdated | null> => {
    const stored = await findSubscription(billing.db, owner);
    return stored && toSubscriptionUpdated(stored);
  };

  test("writes the subscription and announces the full snapshot", async () => {
    const heard: SubscriptionUpdated[] = [];
    const stop = onEventBroadcast(billing.nats.bus, subscriptionUpdated, (snapshot) => {
      heard.push(snapshot);
    });
    await billing.nats.bus.nc.flush();
    for (const seats of [3, 9, 4]) {
      const result = await setPlan(billing.deps, { owner: "org:org_1", plan: "teams", interval: "month", seats });
      expect(result.outcome).toBe("changed");
      await eventually(() => expect(heard.at(-1)?.seats).toBe(seats));
    }
    stop();
    expect(heard.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(heard.at(-1)).toEqual(await announcementOf("org:org_1"));
  });

  test("changes at the same moment get versions of their own, each announced once", async () => {
    const owner = "org:org_race";
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        setPlan(billing.deps, { owner, plan: "teams", interval: "month", seats: 3 + index }),
      ),
    );
    const announced = await announcedFor(owner);
    expect(announced.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    const newest = announced.find(({ version }) => version === 12);
    expect(await announcementOf(owner)).toEqual(newest);
  });

  test("setting a plan that is set already publishes nothing", async () => {
    const wanted = { owner: "user:usr_same", plan: "pro", interval: "month", seats: 1 };
    await setPlan(billing.deps, wanted);
    expect(await setPlan(billing.deps, wanted)).toMatchObject({ outcome: "unchanged", subscription: { version: 1 } });
    expect(await announcedFor(wanted.owner)).toHaveLength(1);
  });

  test("a refused plan leaves neither row nor event", async () => {
    const refused = await setPlan(billing.deps, { owner: "org:org_no", plan: "teams", interval: "month", seats: 2 });
    expect(refused).toEqual({ outcome: "refused", reason: "teams needs at least 3 seats, not 2" });
    expect(await findSubscription(billing.db, "org:org_no")).toBeNull();
    expect(await announcedFor("org:org_no")).toEqual([]);
  });

  test("a process that dies between the row and the commit leaves neither row nor event", async () => {
    const owner = "org:org_crash";
    const wanted = { owner, plan: "teams" as const, interval: "month" as const, seats: 3 };
    const dying = inTransaction(billing.db, async (trx) => {
      const changed = await putSubscription(trx, { ...wanted, status: "active" }, "operator", new Date());
      if (changed !== null) await appendOutbox(trx, subscriptionUpdated, toSubscriptionUpdated(changed));
      // The server ends the session, as it does when a process is killed.
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>("select pg_backend_pid() as pid");
      await billing.db.raw("select pg_terminate_backend(?)", [rows[0]?.pid ?? 0]);
    });
    await expect(dying).rejects.toThrow(/terminat|connection|ECONNRESET/i);
    // The pool may hand out the dead connection once more.
    await eventually(async () => expect(await findSubscription(billing.db, owner)).toBeNull());
    expect(await announcedFor(owner)).toEqual([]);
  });

  test("an announcement survives a bus that is away", async () => {
    await billing.nats.kill9();
    await setPlan(billing.deps, { owner: "user:usr_away", plan: "pro", interval: "month", seats: 1 });
    await billing.nats.restart();
    // Read from the stream, not received: the test's own connection may come back later than the service's.
    const lastStored = () =>
      billing.nats.bus.jsm.direct.getMessage("TOPDOG_STATE", { last_by_subj: subscriptionUpdated.subject });
    await eventually(
      async () => expect((await lastStored())?.json()).toMatchObject({ owner: "user:usr_away", plan: "pro" }),
      { timeoutMs: 20_000 },
    );
  });

  test("a fresh database has the committed schema, and the library's tables as the library wants them", async () => {
    expect(await dumpSchema(billing.db)).toBe(await readFile(new URL("schema.sql", migrations), "utf8"));
    expect(await migrate(billing.owner, migrations)).toEqual([]);
    const sql = await readFile(new URL("000001_subscriptions.sql", migrations), "utf8");
    expect(sql).toContain(outboxMigrationSql);
    expect(sql).toContain(processedEventMigrationSql);
  });
});
