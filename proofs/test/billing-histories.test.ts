import { afterAll, expect, test } from "@jest/globals";
import { recoverOperations } from "@topdog/billing/usecases/perform-operation";
import { sweep } from "@topdog/billing/usecases/sweep";
import * as fc from "fast-check";
import { seed } from "@topdog/testing/seed";
import { faultPlan, found, payerOf, play, promised, steps } from "../support/billing-history.ts";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";

const histories = Number(process.env["BILLING_HISTORIES"] ?? 3);
/** Most of a history is waiting, for the SDK's repeats after a fault: many are played beside each other. */
const maxWorlds = Number(process.env["BILLING_WORLDS"] ?? 8);
const historiesForAWorld = 25;
const worlds = Math.max(1, Math.min(maxWorlds, Math.floor(histories / historiesForAWorld)));

const started: BillingRig[] = [];
afterAll(() => Promise.all(started.map((rig) => rig.stop())));

type Row = Record<string, unknown>;
type Stored = { plan: string; interval: string; seats: number };
const rowsOf = async ({ billing }: BillingRig, sql: string, values: unknown[]) =>
  (await billing.db.raw<{ rows: Row[] }>(sql, values as string[])).rows;

/** Versions rise by one, and the last one announced is what is stored. */
async function announcedInOrder(rig: BillingRig, owner: string): Promise<void> {
  const sql = "select plan, interval, seats, status, version from subscription where owner = ?";
  const [stored] = await rowsOf(rig, sql, [owner]);
  const events = await rowsOf(rig, "select payload from outbox where payload::jsonb ->> 'owner' = ? order by seq", [
    owner,
  ]);
  const announced = events.map(({ payload }) => JSON.parse(String(payload)) as Row);
  expect(announced.map(({ version }) => version)).toEqual(announced.map((_, index) => index + 1));
  if (stored !== undefined) expect(announced.at(-1)).toMatchObject(stored);
}

/** Each period and each change is paid once, or once more for each time that it was given back: there and back again within a second has the same period. */
async function nothingPaidTwice(rig: BillingRig, customer: string | null): Promise<void> {
  if (customer === null) return;
  const { data } = await rig.stripe.invoices.list({ customer, limit: 100 });
  const lines = data.filter(({ status }) => status === "paid").flatMap((invoice) => invoice.lines.data);
  const kept = new Map<string, number>();
  for (const { amount, period, parent } of lines.filter((line) => line.amount !== 0)) {
    const item = parent?.subscription_item_details?.subscription_item;
    const charge = JSON.stringify([Math.abs(amount), period.start, period.end, item]);
    kept.set(charge, (kept.get(charge) ?? 0) + Math.sign(amount));
  }
  expect([...kept].filter(([, times]) => times > 1)).toEqual([]);
}

async function inForceIsPaidFor(rig: BillingRig, owner: string): Promise<void> {
  const [known] = await rowsOf(rig, "select stripe_customer_id as id from customer where owner = ?", [owner]);
  const customer = (known?.["id"] ?? null) as string | null;
  const [stored] = await rowsOf(rig, "select plan, interval, seats from subscription where owner = ?", [owner]);
  const { plan, interval, seats } = (stored ?? { plan: "free", interval: "month", seats: 1 }) as Stored;
  const inForce = plan === "free" ? "free" : `${plan} by the ${interval}, seats: ${seats}`;
  expect(`${owner} has ${inForce}`).toBe(`${owner} has ${await promised(rig, customer)}`);
  await announcedInOrder(rig, owner);
  await nothingPaidTwice(rig, customer);
}

async function playMany(rig: BillingRig, count: number, ownSeed: number): Promise<void> {
  let played = 0;
  const property = fc.asyncProperty(steps, faultPlan, async (history, faults) => {
    played += 1;
    await rig.forget();
    const org = `org_c${played}`;
    const owners = [`user:usr_a${played}`, `user:usr_b${played}`, `org:${org}`];
    await rig.billing.owner.raw("insert into org_member values (?, ?, 1, 'owner', true, now())", [org, payerOf(org)]);
    await rig.control("PUT", "faults", faults);
    for (const step of history) {
      await play(rig, owners, step);
      if (step.act === "sweep") await sweep(rig.deps, { now: true }).catch(() => undefined);
    }
    await rig.control("DELETE", "faults");
    await recoverOperations(rig.deps, 0);
    await sweep(rig.deps, { now: true });
    for (const owner of owners) await inForceIsPaidFor(rig, owner);
    expect(await rowsOf(rig, "select id, kind from money_operation where state = 'started'", [])).toEqual([]);
  });
  await fc.assert(property, { numRuns: count, endOnFailure: histories < 100, seed: ownSeed, examples: found });
}

test(
  "after any history with any faults, once the sweep has passed, what is in force is what is paid for at Stripe",
  async () => {
    // Each world makes databases and streams as it starts: many at once wait for one another until somebody gives up.
    while (started.length < worlds) started.push(await startBillingRig());
    await Promise.all(started.map((rig, index) => playMany(rig, Math.ceil(histories / worlds), seed + index)));
  },
  60_000 + histories * 20_000,
);
