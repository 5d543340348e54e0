import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sweep } from "@topdog/billing/usecases/sweep";
import { syncCustomer } from "@topdog/billing/usecases/sync-customer";
import { twinPriceId } from "@topdog/contracts/stripe-prices";
import { eventually } from "@topdog/testing/eventually";
import { onThisMachine } from "@topdog/testing/machine";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { buy } from "../support/purchases.ts";
import type { SentRequest } from "../support/stripe-relay.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
  // The first pass over all customers begins with the service. A late one would come upon the customer whom the first test keeps waiting, and wait too.
  await rig.billing.db.transaction(async (trx) => {
    await trx.raw("select pg_advisory_xact_lock(hashtextextended('topdog job sweep', 0))");
    await sweep(rig.deps);
  });
});
afterAll(() => rig.stop());

type Row = Record<string, unknown>;
const rowsOf = async (sql: string, values: string[] = []): Promise<Row[]> =>
  (await rig.billing.db.raw<{ rows: Row[] }>(sql, values)).rows;
const inForce = (owner: string) => rowsOf("select plan, version from subscription where owner = ?", [owner]);
const isFetch = ({ method, path }: SentRequest): boolean => method === "GET" && path.startsWith("/v1/customers/");
/** Of an event: the twin's request, its signature, its row, the answer, and the same of the second one that is under way. */
const hopsOfDelivery = 8;
/** How long the twin's events take to be taken. */
async function deliver(): Promise<number> {
  const startedMs = performance.now();
  await rig.control("POST", "deliveries/flush");
  return performance.now() - startedMs;
}
const fetches = (): number => rig.relay.requests.filter(isFetch).length;

test("while Stripe does not answer, events are taken within a second, and no connection waits for it", async () => {
  const held = rig.relay.holdAnswers(isFetch);
  await buy(rig, "user:usr_slow", { plan: "pro" });
  const { result: slowMs, slowestMs } = await onThisMachine({ bus: rig.billing.nats.bus, db: rig.billing.db }, deliver);
  await eventually(() => expect(held.count()).toBe(1));
  // What was open when Stripe began to keep its answer back ends although the answer does not come.
  const [{ now } = {}] = await rowsOf("select clock_timestamp()::text as now");
  const open =
    "select pid, query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start <= ?::timestamptz";
  await eventually(async () => expect(await rowsOf(open, [String(now)])).toEqual([]), { timeoutMs: 5_000 });
  // Another customer is not kept by the one whom Stripe answers slowly.
  held.letNewOnesThrough();
  await buy(rig, "user:usr_quick", { plan: "pro" });
  // On a busy machine, no longer than events take of which Stripe tells all; beyond that, each event is held up some times on its way.
  expect(slowMs).toBeLessThan(1_000 + (await deliver()) + hopsOfDelivery * slowestMs);
  await eventually(async () => expect(await inForce("user:usr_quick")).toMatchObject([{ plan: "pro" }]));
  expect(await inForce("user:usr_slow")).toEqual([]);
  held.release();
  await rig.settled();
  expect(await inForce("user:usr_slow")).toMatchObject([{ plan: "pro" }]);
});

test("of fifty who ask at once one is served by the fetch that is under way, and all others, who came during it, by the next", async () => {
  const owner = "user:usr_fifty";
  await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  const held = rig.relay.holdAnswers(isFetch);
  const before = fetches();
  let asked = 0;
  const count = (_rows: unknown, { sql }: { sql: string }): void => void (asked += Number(/sync_fence \+ 1/.test(sql)));
  rig.deps.db.on("query-response", count);
  const callers = 50;
  const all = Array.from({ length: callers }, () => syncCustomer(rig.deps, owner, "request"));
  await eventually(() => expect(held.count()).toBe(1));
  // Connections are given in turn: when one of them asks for the third time, all have come.
  await eventually(() => expect(asked).toBeGreaterThan(2 * callers));
  rig.deps.db.removeListener("query-response", count);
  held.release();
  const plans = (await Promise.all(all)).map((synced) => synced?.state.plan);
  expect(new Set(plans)).toEqual(new Set(["pro"]));
  expect(fetches() - before).toBe(2);
});

test("what was fetched under a lease that ran out is not written over what is newer", async () => {
  const owner = "user:usr_overtaken";
  const subscription = await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  const held = rig.relay.holdAnswers(isFetch);
  const slow = syncCustomer(rig.deps, owner, "request");
  await eventually(() => expect(held.count()).toBe(1));
  held.letNewOnesThrough();
  const items = [{ id: subscription.items.data[0]!.id, price: twinPriceId("pro_plus", "month") }];
  await rig.stripe.subscriptions.update(subscription.id, { items });
  await rowsOf("update customer set sync_until = now() - interval '1 second' where owner = ?", [owner]);
  await syncCustomer(rig.deps, owner, "request");
  const newer = await inForce(owner);
  expect(newer).toMatchObject([{ plan: "pro_plus" }]);
  held.release();
  expect((await slow)?.state.plan).toBe("pro_plus");
  expect(await inForce(owner)).toEqual(newer);
});

test("a process that died while it fetched keeps its customer from nobody for longer than its lease", async () => {
  const owner = "user:usr_bereft";
  await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  const lease =
    "update customer set sync_fence = sync_fence + 1, sync_until = now() + interval '300 ms' where owner = ?";
  await rowsOf(lease, [owner]);
  const [left] = await rowsOf("select sync_fence from customer where owner = ?", [owner]);
  expect((await syncCustomer(rig.deps, owner, "request"))?.state.plan).toBe("pro");
  const [now] = await rowsOf("select sync_fence, sync_applied, sync_until from customer where owner = ?", [owner]);
  const fence = Number(left?.["sync_fence"]) + 1;
  expect(now).toEqual({ sync_fence: fence, sync_applied: fence, sync_until: null });
});

test("a fetch that fails frees the customer at once", async () => {
  const owner = "user:usr_freed";
  await buy(rig, owner, { plan: "pro" });
  await rig.settled();
  await rig.control("PUT", "faults", { api: [{ kind: "500", method: "GET", path: "/v1/customers", count: 10 }] });
  await expect(syncCustomer(rig.deps, owner, "request")).rejects.toMatchObject({ code: "payments_unavailable" });
  await rig.control("DELETE", "faults");
  expect(await rowsOf("select sync_until from customer where owner = ?", [owner])).toEqual([{ sync_until: null }]);
});
