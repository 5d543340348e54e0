import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Stripe } from "stripe";
import { customerWith, type Rig, startTwin } from "./rig.ts";

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function twin(env: Record<string, string> = {}, retriesMax = 0): Promise<Rig> {
  const rig = await startTwin(env, retriesMax);
  open.push(() => rig.stop());
  return rig;
}

describe("an idempotency key", () => {
  test("brings the same answer again, and none for other parameters", async () => {
    const { stripe } = await twin();
    const options = { idempotencyKey: "key-1" };
    const first = await stripe.customers.create({ email: "a@b.test" }, options);
    const again = await stripe.customers.create({ email: "a@b.test" }, options);
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers["idempotent-replayed"]).toBe("true");
    await expect(stripe.customers.create({ email: "c@d.test" }, options)).rejects.toMatchObject({
      type: "StripeIdempotencyError",
    });
  });

  test.each(["reset", "500"])(
    "makes one object of a request whose answer is lost after its effect: %s",
    async (kind) => {
      const rig = await twin({}, 2);
      await rig.control("PUT", "faults", { api: [{ kind, when: "after", count: 1, method: "POST" }] });
      const made = rig.stripe.customers.create({ email: "a@b.test" }, { idempotencyKey: "key-1" });
      if (kind === "reset") await made;
      else await expect(made).rejects.toMatchObject({ statusCode: 500 });
      expect((await rig.stripe.customers.list()).data).toHaveLength(1);
    },
  );

  test.each(["409", "429", "500", "reset"])("is free after a fault before the effect: %s", async (kind) => {
    const rig = await twin({}, 2);
    await rig.control("PUT", "faults", { api: [{ kind, when: "before", count: 1, method: "POST" }] });
    const create = () => rig.stripe.customers.create({ email: "a@b.test" }, { idempotencyKey: "key-1" });
    // The SDK leaves it to its caller to wait after a 429, and repeats the others by itself.
    if (kind === "429") await expect(create()).rejects.toMatchObject({ type: "StripeRateLimitError" });
    await create();
    expect((await rig.stripe.customers.list()).data).toHaveLength(1);
  });
});

interface Received {
  readonly id: string;
  readonly type: string;
  readonly verified: boolean;
  readonly apiVersion: string | null;
  readonly object: { email?: string };
}

async function receiver(rig: Rig): Promise<Received[]> {
  const received: Received[] = [];
  let secret = "";
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const event = JSON.parse(body) as Stripe.Event;
      let verified = true;
      try {
        Stripe.webhooks.constructEvent(body, req.headers["stripe-signature"] as string, secret);
      } catch {
        verified = false;
      }
      received.push({
        id: event.id,
        type: event.type,
        verified,
        apiVersion: event.api_version,
        object: event.data.object as { email?: string },
      });
      res.statusCode = verified ? 200 : 400;
      res.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  secret = (await rig.stripe.webhookEndpoints.create({ url, enabled_events: ["*"] })).secret!;
  return received;
}

async function updateTwice(rig: Rig): Promise<void> {
  const { id } = await rig.stripe.customers.create({ email: "first@b.test" });
  await rig.stripe.customers.update(id, { email: "second@b.test" });
  await rig.control("POST", "deliveries/flush");
}

describe("the fault plan of webhooks", () => {
  test.each([
    ["duplicate", (all: Received[]) => expect(all.map(({ id }) => id).slice(0, 2)).toEqual([all[0]!.id, all[0]!.id])],
    ["duplicateEvent", (all: Received[]) => expect(new Set(all.map(({ id }) => id)).size).toBe(4)],
    ["drop", (all: Received[]) => expect(all).toEqual([])],
    ["neverGenerate", (all: Received[]) => expect(all).toEqual([])],
    ["stale", (all: Received[]) => expect(all.at(-1)!.object.email).toBe("first@b.test")],
    ["wrongSignature", (all: Received[]) => expect(all.some(({ verified }) => verified)).toBe(false)],
    ["oldTimestamp", (all: Received[]) => expect(all.some(({ verified }) => verified)).toBe(false)],
    ["wrongApiVersion", (all: Received[]) => expect(all[0]!.apiVersion).toBe("2024-12-18.acacia")],
    ["delay", (all: Received[]) => expect(all).toEqual([])],
  ])("does as it is told: %s", async (fault, check) => {
    const rig = await twin();
    const received = await receiver(rig);
    await rig.control("PUT", "faults", { webhooks: { [fault]: 1 } });
    await updateTwice(rig);
    check(received);
    const listed = (await rig.stripe.events.list({ types: ["customer.created", "customer.updated"] })).data;
    expect(listed).toHaveLength(fault === "neverGenerate" ? 0 : fault === "duplicateEvent" ? 4 : 2);
  });

  test("sends what was delayed when its time has come, and what was refused when it is tried again", async () => {
    const rig = await twin();
    const received = await receiver(rig);
    await rig.control("PUT", "faults", { webhooks: { delay: 1, wrongSignature: 1 } });
    await updateTwice(rig);
    await rig.control("DELETE", "faults");
    await rig.advance({ days: 1 });
    expect(received.filter(({ verified }) => verified)).toHaveLength(2);
  });
});

test("what was bought is there after a restart, also after one that cut the last line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stripe-twin-"));
  open.push(() => rmSync(folder, { recursive: true }));
  const first = await startTwin({ DATA_DIR: folder });
  const customer = await customerWith(first.stripe);
  const { id } = await first.stripe.subscriptions.create({ customer, items: [{ price: "price_twin_pro" }] });
  await first.advance({ days: 40 });
  const before = await first.control("GET", "state");
  await first.stop();
  const second = await twin({ DATA_DIR: folder });
  expect(await second.control("GET", "state")).toEqual(before);
  expect((await second.stripe.subscriptions.retrieve(id)).status).toBe("active");
});

test("lists page by page, and the SDK pages through them by itself", async () => {
  const { stripe } = await twin();
  for (let n = 0; n < 7; n += 1) await stripe.customers.create({ metadata: { n: String(n) } });
  const seen: string[] = [];
  for await (const { metadata } of stripe.customers.list({ limit: 3 })) seen.push(metadata["n"]!);
  expect(seen).toEqual(["6", "5", "4", "3", "2", "1", "0"]);
  const found = await stripe.customers.search({ query: "metadata['n']:'4'" });
  expect(found.data).toHaveLength(1);
});

test("refuses what Stripe does not take: names, versions, live keys", async () => {
  const { stripe, url } = await twin();
  const unknown = stripe.customers.create({ emial: "a@b.test" } as Stripe.CustomerCreateParams);
  await expect(unknown).rejects.toMatchObject({ code: "parameter_unknown", param: "emial", statusCode: 400 });
  const version = await fetch(`${url}/v1/customers`, {
    headers: { authorization: "Bearer sk_test_1", "stripe-version": "2020-08-27" },
  });
  const live = await fetch(`${url}/v1/customers`, { headers: { authorization: "Bearer sk_live_1" } });
  expect([version.status, live.status]).toEqual([400, 401]);
});
