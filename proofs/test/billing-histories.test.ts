import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { recoverOperations } from "@topdog/billing/usecases/perform-operation";
import { sweep } from "@topdog/billing/usecases/sweep";
import * as fc from "fast-check";
import { faultPlan, play, promised, steps } from "../support/billing-history.ts";
import { type BillingRig, startBillingRig } from "../support/billing-rig.ts";

const histories = Number(process.env["BILLING_HISTORIES"] ?? 3);
/** The sweep looks at everything that earlier histories left: a new world now and then. */
const historiesInOneWorld = 25;

let rig: BillingRig;
let played = 0;
beforeAll(async () => {
  rig = await startBillingRig();
});
afterAll(() => rig.stop());

type Row = Record<string, unknown>;
type Stored = { plan: string; interval: string };
const rowsOf = async (sql: string, values: unknown[]) =>
  (await rig.billing.db.raw<{ rows: Row[] }>(sql, values as string[])).rows;

/** Versions rise by one, and the last one announced is what is stored. */
async function announcedInOrder(owner: string): Promise<void> {
  const [stored] = await rowsOf("select plan, interval, seats, status, version from subscription where owner = ?", [
    owner,
  ]);
  const events = await rowsOf("select payload from outbox where payload::jsonb ->> 'owner' = ? order by seq", [owner]);
  const announced = events.map(({ payload }) => JSON.parse(String(payload)) as Row);
  expect(announced.map(({ version }) => version)).toEqual(announced.map((_, index) => index + 1));
  if (stored !== undefined) expect(announced.at(-1)).toMatchObject(stored);
}

/** Each period and each change is paid once. */
async function nothingPaidTwice(customer: string | null): Promise<void> {
  if (customer === null) return;
  const { data } = await rig.stripe.invoices.list({ customer, limit: 100 });
  const paid = data.filter(({ status }) => status === "paid");
  const lines = paid.flatMap(({ lines: { data: all }, id }) =>
    all.map(
      ({ amount, period, parent, description }) => [amount, period.start, period.end, parent, description, id] as const,
    ),
  );
  const charges = lines
    .filter(([amount]) => amount > 0)
    .map(([amount, start, end, parent, description]) =>
      JSON.stringify([amount, start, end, parent?.subscription_item_details?.subscription_item, description]),
    );
  expect(charges.toSorted()).toEqual([...new Set(charges)].toSorted());
}

test(
  "after any history with any faults, once the sweep has passed, what is in force is what is paid for at Stripe",
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, faultPlan, async (history, faults) => {
        played += 1;
        if (played % historiesInOneWorld === 0) {
          await rig.stop();
          rig = await startBillingRig();
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
        for (const owner of owners) {
          const [known] = await rowsOf("select stripe_customer_id as id from customer where owner = ?", [owner]);
          const customer = (known?.["id"] ?? null) as string | null;
          const [stored] = await rowsOf("select plan, interval from subscription where owner = ?", [owner]);
          const { plan, interval } = (stored ?? { plan: "free", interval: "month" }) as Stored;
          const inForce = plan === "free" ? "free" : `${plan} by the ${interval}`;
          expect(`${owner} has ${inForce}`).toBe(`${owner} has ${await promised(rig, customer)}`);
          await announcedInOrder(owner);
          await nothingPaidTwice(customer);
        }
        expect(await rowsOf("select id, kind from money_operation where state = 'started'", [])).toEqual([]);
      }),
      {
        numRuns: histories,
        endOnFailure: histories < 100,
        seed: Number(process.env["SEED"] ?? Date.now() % 1_000_000),
      },
    );
  },
  60_000 + histories * 20_000,
);
