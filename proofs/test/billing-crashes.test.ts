import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runOperation } from "@topdog/billing/usecases/begin-operation";
import { recoverOperations } from "@topdog/billing/usecases/perform-operation";
import { sweep } from "@topdog/billing/usecases/sweep";
import { eventually } from "@topdog/testing/eventually";
import { sessionOf } from "@topdog/testing/account-call";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";
import { buy } from "../support/purchases.ts";

let rig: BillingRig;
beforeAll(async () => {
  rig = await startBillingRig();
});
afterAll(() => rig.stop());

type Row = Record<string, unknown>;
const rowsOf = async (sql: string, values: string[] = []): Promise<Row[]> =>
  (await rig.billing.db.raw<{ rows: Row[] }>(sql, values)).rows;

/** More than the SDK's own repeats, so that the request ends without an answer. */
const lost = 10;
const acts = {
  checkout: { path: "checkout", body: { plan: "pro" } },
  upgrade: { path: "change-plan", body: { plan: "pro_plus" } },
  "annual switch": { path: "change-plan", body: { interval: "year" } },
  cancel: { path: "cancel", body: {} },
} as const;
/** Where the answer is lost: before Stripe did it or after; and the process's own steps. */
const whereStripe = ["before", "after"] as const;

let people = 0;
async function customerOf(act: keyof typeof acts): Promise<string> {
  people += 1;
  const user = `usr_crash_${people}`;
  if (act !== "checkout") await buy(rig, `user:${user}`, { plan: "pro" });
  await rig.settled();
  return user;
}

const send = async (user: string, act: keyof typeof acts) =>
  rig.call("POST", `/api/billing/${acts[act].path}`, sessionOf(user), acts[act].body);

/** How Stripe would look had nothing gone wrong: one object, and each thing paid once. */
async function expectOnce(user: string, act: keyof typeof acts): Promise<void> {
  const [row] = await rowsOf("select stripe_customer_id as id from customer where owner = ?", [`user:${user}`]);
  const customer = String(row?.["id"]);
  const mine = (await rig.stripe.customers.list({ limit: 100 })).data.filter(
    ({ metadata }) => metadata["topdog_owner"] === `user:${user}`,
  );
  expect(mine.map(({ id }) => id)).toEqual([customer]);
  const subscriptions = (await rig.stripe.subscriptions.list({ customer, status: "all" })).data;
  const invoices = (await rig.stripe.invoices.list({ customer })).data.filter(({ status }) => status === "paid");
  const plan = (await rig.call("GET", "/api/billing/subscription", sessionOf(user))).body;
  if (act === "checkout") {
    const sessions = (await rig.stripe.checkout.sessions.list({ customer })).data;
    expect(sessions.filter(({ status }) => status === "open")).toHaveLength(1);
    expect(subscriptions).toEqual([]);
    return;
  }
  expect(subscriptions).toHaveLength(1);
  expect(invoices).toHaveLength(act === "cancel" ? 1 : 2);
  const wanted = {
    upgrade: { plan: "pro_plus", interval: "month" },
    "annual switch": { plan: "pro", interval: "year" },
    cancel: { plan: "pro", payment: { endsAt: expect.any(String) } },
  };
  expect(plan).toMatchObject(wanted[act]);
}

describe.each(Object.keys(acts) as (keyof typeof acts)[])("%s", (act) => {
  test.each(whereStripe)("whose answer is lost %s Stripe did it is done once when it is replayed", async (when) => {
    const user = await customerOf(act);
    const path = act === "checkout" ? "/v1/checkout/sessions" : "/v1/subscriptions";
    await rig.control("PUT", "faults", { api: [{ kind: "reset", when, method: "POST", path, count: lost }] });
    const answer = await send(user, act);
    expect([answer.status, answer.body["code"]]).toEqual([503, "payments_unavailable"]);
    await rig.control("DELETE", "faults");
    expect(await recoverOperations(rig.deps, 0)).toBe(1);
    await rig.settled();
    await expectOnce(user, act);
    expect(await recoverOperations(rig.deps, 0)).toBe(0);
  });

  test("that died at any step of its own is done once when it is replayed", async () => {
    const user = await customerOf(act);
    const owner = `user:${user}`;
    expect((await send(user, act)).status).toBe(200);
    // The row as it stood before Stripe's answer was written: what a killed process leaves, however far it got.
    for (let death = 0; death < 3; death += 1) {
      await rowsOf(
        `update money_operation set state = 'started', result = null where id =
           (select id from money_operation where owner = ? order by created_at desc limit 1)`,
        [owner],
      );
      if (act === "checkout") await rowsOf("update customer set stripe_customer_id = null where owner = ?", [owner]);
      expect(await recoverOperations(rig.deps, 0)).toBe(1);
      await expectOnce(user, act);
    }
    const versions = await rowsOf("select version from subscription where owner = ?", [owner]);
    await sweep(rig.deps, { now: true });
    expect(await rowsOf("select version from subscription where owner = ?", [owner])).toEqual(versions);
  });
});

test("an operation that is older than Stripe remembers keys is replayed under another key, after a look at the state", async () => {
  const user = await customerOf("upgrade");
  await rig.control("PUT", "faults", {
    api: [{ kind: "reset", when: "before", method: "POST", path: "/v1/subscriptions", count: lost }],
  });
  await send(user, "upgrade");
  await rig.control("DELETE", "faults");
  const aged =
    "update money_operation set created_at = created_at - interval '21 hours' where state = 'started' returning id";
  const [operation] = await rowsOf(aged);
  expect(await recoverOperations(rig.deps, 0)).toBe(1);
  await rig.settled();
  await expectOnce(user, "upgrade");
  const keys = (await rig.stripe.events.list({ limit: 100 })).data.map(({ request }) => request?.idempotency_key);
  expect(keys).toContain(`topdog:${String(operation?.["id"])}:2:change`);
});

test.each(whereStripe)(
  "the end of all that an owner has, whose answer is lost %s Stripe did it, ends it once",
  async (when) => {
    const owner = `org:org_lost_${when}`;
    const { id, customer } = await buy(rig, owner, { plan: "teams", seats: 3 });
    await rig.settled();
    await rig.control("PUT", "faults", {
      api: [{ kind: "reset", when, method: "DELETE", path: "/v1/subscriptions", count: lost }],
    });
    const work = { kind: "close", params: {} } as const;
    const ended = await runOperation(rig.deps, owner, work).catch((error: unknown) => (error as { code: string }).code);
    await rig.control("DELETE", "faults");
    expect([ended, await recoverOperations(rig.deps, 0)]).toEqual(["payments_unavailable", 1]);
    await rig.settled();
    expect((await rig.stripe.subscriptions.retrieve(id)).status).toBe("canceled");
    expect((await rig.stripe.invoices.list({ customer: customer as string })).data).toHaveLength(1);
    expect(await rowsOf("select plan, status from subscription where owner = ?", [owner])).toEqual([
      { plan: "free", status: "canceled" },
    ]);
  },
);

/** Until the returned function is called, every act of this owner waits where acts queue, in the order in which they came. */
async function holdCustomer(owner: string): Promise<() => Promise<void>> {
  const trx = await rig.billing.db.transaction();
  await trx.raw("select from customer where owner = ? for update", [owner]);
  return async () => void (await trx.commit());
}

const queued = (count: number): Promise<void> =>
  eventually(async () => {
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    expect(await rowsOf(waiting)).toHaveLength(count);
  });

test("a second person's act waits for the first one's end, and the same act joins it", async () => {
  const user = await customerOf("upgrade");
  const release = await holdCustomer(`user:${user}`);
  const same = [send(user, "upgrade"), send(user, "upgrade")];
  await queued(2);
  const other = send(user, "annual switch");
  await queued(3);
  await release();
  expect((await Promise.all(same)).map(({ status }) => status)).toEqual([200, 200]);
  expect([200, 409]).toContain((await other).status);
});
