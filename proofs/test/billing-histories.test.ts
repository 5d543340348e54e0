import { afterAll, expect, test } from "@jest/globals";
import { recoverOperations } from "@topdog/billing/usecases/perform-operation";
import { sweep } from "@topdog/billing/usecases/sweep";
import * as fc from "fast-check";
import { faultPlan, play, promised, steps } from "../support/billing-history.ts";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";

const histories = Number(process.env["BILLING_HISTORIES"] ?? 3);
const firstSeed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** Most of a history is waiting, for the SDK's repeats after a fault: many are played beside each other. */
const maxWorlds = 8;
const historiesForAWorld = 25;
const worlds = Math.max(1, Math.min(maxWorlds, Math.floor(histories / historiesForAWorld)));
/** The sweep looks at everything that earlier histories left: a new world now and then. */
const historiesInOneWorld = 25;

const started = new Set<BillingRig>();
afterAll(() => Promise.all([...started].map((rig) => rig.stop())));

async function begin(): Promise<BillingRig> {
  const rig = await startBillingRig();
  started.add(rig);
  return rig;
}

async function end(rig: BillingRig): Promise<void> {
  started.delete(rig);
  await rig.stop();
}

type Row = Record<string, unknown>;
type Stored = { plan: string; interval: string };
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

/** Each period and each change is paid once. */
async function nothingPaidTwice(rig: BillingRig, customer: string | null): Promise<void> {
  if (customer === null) return;
  const { data } = await rig.stripe.invoices.list({ customer, limit: 100 });
  const paid = data.filter(({ status }) => status === "paid");
  const charges = paid
    .flatMap(({ lines }) => lines.data)
    .filter(({ amount }) => amount > 0)
    .map(({ amount, period, parent, description }) =>
      JSON.stringify([
        amount,
        period.start,
        period.end,
        parent?.subscription_item_details?.subscription_item,
        description,
      ]),
    );
  expect(charges.toSorted()).toEqual([...new Set(charges)].toSorted());
}

async function inForceIsPaidFor(rig: BillingRig, owner: string): Promise<void> {
  const [known] = await rowsOf(rig, "select stripe_customer_id as id from customer where owner = ?", [owner]);
  const customer = (known?.["id"] ?? null) as string | null;
  const [stored] = await rowsOf(rig, "select plan, interval from subscription where owner = ?", [owner]);
  const { plan, interval } = (stored ?? { plan: "free", interval: "month" }) as Stored;
  const inForce = plan === "free" ? "free" : `${plan} by the ${interval}`;
  expect(`${owner} has ${inForce}`).toBe(`${owner} has ${await promised(rig, customer)}`);
  await announcedInOrder(rig, owner);
  await nothingPaidTwice(rig, customer);
}

/** Plays histories in a world of its own. */
async function playMany(count: number, seed: number): Promise<void> {
  let rig = await begin();
  let played = 0;
  const property = fc.asyncProperty(steps, faultPlan, async (history, faults) => {
    played += 1;
    if (played % historiesInOneWorld === 0) {
      await end(rig);
      rig = await begin();
    }
    const owners = [`user:usr_a${played}`, `user:usr_b${played}`];
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
  await fc.assert(property, { numRuns: count, endOnFailure: histories < 100, seed });
}

test(
  "after any history with any faults, once the sweep has passed, what is in force is what is paid for at Stripe",
  async () => {
    const all = Array.from({ length: worlds }, (_, index) =>
      playMany(Math.ceil(histories / worlds), firstSeed + index),
    );
    await Promise.all(all);
  },
  60_000 + histories * 20_000,
);
