import { rmSync } from "node:fs";
import { twinPriceId } from "@topdog/contracts/stripe-prices";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { Client as Database } from "pg";
import { Stripe } from "stripe";
import { Pool } from "undici";
import { createManyKeys } from "./many-keys.ts";
import { percentile } from "./statistics.ts";

const people = 110;
/** Change first and are not counted: the code of every service is compiled by then. */
const warmUpPeople = 10;
const gatewayCount = 2;
/** LLM requests of a free day, and some: from then on only a higher plan serves. */
const freeRequests = 40;
const giveUpAfterMs = 30_000;
const prepareAtOnce = 16;

interface Person {
  readonly owner: string;
  readonly key: string;
  readonly customer: string;
}

interface Bench {
  readonly gateways: readonly Pool[];
  readonly stripe: Stripe;
  readonly billing: Database;
}

/** How long after billing got a webhook every one of two gateways enforces what it tells: a raise, and then a lowering. */
export async function measurePlanChange(progress: (line: string) => void): Promise<void> {
  const dataDir = makeScratchFolder("bench-plan-change");
  const env = { gateway: { BAD_KEYS_PER_MINUTE: "100000" } };
  const stack = await startStack({ dataDir, gateways: gatewayCount, stripeTwin: true, env, onProgress: progress });
  const bench = {
    gateways: stack.urls.gateway.map((url) => new Pool(url, { connections: prepareAtOnce })),
    stripe: clientOf(stack.urls.stripeTwin ?? ""),
    billing: new Database({ connectionString: stack.postgres.url("billing", "billing") }),
  };
  try {
    await bench.billing.connect();
    const all = await prepare(bench, stack, progress);
    progress(`changing the plan of ${people} people, one after the other: up, then down`);
    const [up, down]: [number[], number[]] = [[], []];
    for (const [index, person] of all.entries()) {
      const [raisedMs, loweredMs] = await changeTwice(bench, person);
      if (index < warmUpPeople) continue;
      up.push(raisedMs);
      down.push(loweredMs);
    }
    console.log([describe("free to pro", up), describe("pro to free", down)].join("\n"));
  } finally {
    await Promise.all(bench.gateways.map((gateway) => gateway.destroy()));
    await bench.billing.end();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function clientOf(url: string): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe("sk_test_of_the_bench", {
    apiVersion: stripeApiVersion,
    telemetry: false,
    host: hostname,
    port: Number(port),
    protocol: "http",
  });
}

/** People on the free plan whose day is spent at both gateways, and who are customers with a card. */
async function prepare(bench: Bench, stack: Stack, progress: (line: string) => void): Promise<Person[]> {
  const keys = await createManyKeys(stack, people, null);
  progress(`${people} people spend their free day`);
  const queue = keys.map((key, index) => ({ key, owner: `user:usr_bench_${people}_${index}` }));
  const made: Person[] = [];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      made.push({ ...next, customer: await customerOf(bench.stripe, next.owner) });
      await spendDay(bench, next.key);
    }
  };
  await Promise.all(Array.from({ length: prepareAtOnce }, work));
  await until("the inbox is empty", async () => {
    const { rows } = await bench.billing.query(`select 1 from webhook_event where state = 'pending' limit 1`);
    return rows.length === 0;
  });
  return made;
}

async function customerOf(stripe: Stripe, owner: string): Promise<string> {
  const { id } = await stripe.customers.create({ metadata: { topdog_owner: owner } });
  const method = await stripe.paymentMethods.attach("pm_card_visa", { customer: id });
  await stripe.customers.update(id, { invoice_settings: { default_payment_method: method.id } });
  return id;
}

async function spendDay({ gateways }: Bench, key: string): Promise<void> {
  const [first] = gateways as [Pool];
  for (let call = 1; call <= freeRequests; call += 1) {
    const status = await statusOf(first, key);
    if (status !== 200) throw new Error(`call ${call} of a free day was answered ${status}`);
  }
  await enforced(gateways, key, 429);
}

const body = JSON.stringify({ model: "sandbox-small", max_tokens: 1, messages: [{ role: "user", content: "hi" }] });

async function statusOf(gateway: Pool, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await gateway.request({ method: "POST", path: "/v1/chat/completions", headers, body });
  await answer.body.dump();
  return answer.statusCode;
}

/** Until every gateway answers so; a call's own way is part of it. */
async function enforced(gateways: readonly Pool[], key: string, wanted: 200 | 429): Promise<void> {
  for (const gateway of gateways)
    await until(`every gateway answers ${wanted}`, async () => (await statusOf(gateway, key)) === wanted);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endsAtMs = performance.now() + giveUpAfterMs;
  while (!(await isSo())) if (performance.now() > endsAtMs) throw new Error(`not within ${giveUpAfterMs} ms: ${what}`);
}

async function changeTwice(bench: Bench, { key, customer }: Person): Promise<readonly [number, number]> {
  const price = twinPriceId("pro", "month");
  let subscription = "";
  const raisedMs = await change(bench, { key, customer, wanted: 200 }, async () => {
    subscription = (await bench.stripe.subscriptions.create({ customer, items: [{ price }] })).id;
  });
  const loweredMs = await change(bench, { key, customer, wanted: 429 }, async () => {
    await bench.stripe.subscriptions.cancel(subscription);
  });
  return [raisedMs, loweredMs];
}

/** Milliseconds from the arrival of the change's first webhook, by billing's own row, to the slower gateway's first right answer. */
async function change(
  { gateways, billing }: Bench,
  { key, customer, wanted }: { readonly key: string; readonly customer: string; readonly wanted: 200 | 429 },
  act: () => Promise<void>,
): Promise<number> {
  const { rows: before } = await billing.query<{ at: Date }>("select clock_timestamp() as at");
  await act();
  await enforced(gateways, key, wanted);
  const { rows } = await billing.query<{ ms: number | null }>(
    `select (extract(epoch from clock_timestamp() - min(received_at)) * 1000)::float8 as ms
     from webhook_event where customer_id = $1 and received_at > $2`,
    [customer, before[0]?.at],
  );
  const [found] = rows;
  if (found?.ms == null) throw new Error("a plan changed before any webhook told it");
  return found.ms;
}

function describe(what: string, delaysMs: readonly number[]): string {
  const ascending = delaysMs.toSorted((a, b) => a - b);
  const at = (percent: number): string => `${percentile(ascending, percent).toFixed(1)} ms`;
  return (
    `plan change, ${what}: ${delaysMs.length} people, ${gatewayCount} gateways; ` +
    `from the webhook's arrival until both enforce it: p50 ${at(50)}, p99 ${at(99)}, max ${at(100)}`
  );
}
