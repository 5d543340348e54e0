import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readConfig } from "@topdog/config/load";
import { stripeApiVersion } from "@topdog/stripe-api/version";
import { Stripe } from "stripe";
import { callerEnv } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { configSchema } from "../src/config.ts";
import { judgeSignature } from "../src/clients/stripe/webhook-signature.ts";
import { type Billing, startBilling } from "./start-billing.ts";

const [oldSecret, newSecret] = ["whsec_of_before_a_rotation", "whsec_of_after_a_rotation"] as const;
let nextId = 0;

const eventOf = (other: Record<string, unknown> = {}) => {
  nextId += 1;
  return {
    object: "event",
    id: `evt_${nextId}`,
    type: "customer.subscription.updated",
    api_version: stripeApiVersion,
    livemode: false,
    created: 1_780_000_000,
    data: { object: { object: "subscription", id: "sub_1", customer: "cus_1" } },
    ...other,
  };
};

function signatureOf(payload: string, secret: string, atMs = Date.now()): string {
  const t = Math.floor(atMs / 1000);
  return `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${payload}`).digest("hex")}`;
}

describe("a signature", () => {
  const payload = '{"id":"evt_1"}';
  const now = Date.now();
  const judge = (header: string, body = payload, secrets: string[] = [oldSecret, newSecret]) =>
    judgeSignature(Buffer.from(body), header, secrets, now);

  test("as Stripe's own library makes it is believed, with the old secret and with the new", async () => {
    const stripe = new Stripe("sk_test_of_a_test");
    for (const secret of [oldSecret, newSecret]) {
      expect(judge(stripe.webhooks.generateTestHeaderString({ payload, secret }))).toBe("ok");
    }
    const both = `${signatureOf(payload, "another secret of theirs", now)},${signatureOf(payload, newSecret, now).split(",")[1]}`;
    expect(judge(both)).toBe("ok");
  });

  test("over other bytes, with another secret, of another scheme or without a time is not", () => {
    expect(judge(signatureOf(payload, oldSecret, now), `${payload} `)).toBe("wrong_signature");
    expect(judge(signatureOf(payload, "a secret of nobody", now))).toBe("wrong_signature");
    expect(judge(signatureOf(payload, oldSecret, now).replace("v1=", "v0="))).toBe("malformed");
    for (const header of ["", "t=1", "v1=00", `t=x,v1=${"0".repeat(64)}`]) expect(judge(header)).toBe("malformed");
  });

  test.each([
    [-299, "ok"],
    [299, "ok"],
    [-305, "outside_tolerance"],
    [305, "outside_tolerance"],
    [10 * 365 * 86_400, "outside_tolerance"],
  ])("%s seconds from now: %s", (seconds, verdict) => {
    expect(judge(signatureOf(payload, oldSecret, now + seconds * 1000))).toBe(verdict);
  });
});

describe("the webhook", () => {
  let billing: Billing;
  beforeAll(async () => {
    billing = await startBilling({
      STRIPE_SECRET_KEY: "sk_test_of_the_webhook_suite",
      // Nobody listens there: what is received is kept until Stripe is back.
      STRIPE_API_URL: "http://127.0.0.1:1",
      STRIPE_WEBHOOK_SECRET: `${oldSecret}, ${newSecret}`,
      WEBHOOK_BODY_TIMEOUT_MS: "1500",
    });
  });
  afterAll(() => billing.stop());

  async function post(payload: string, signature: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(payload),
      "stripe-signature": signature,
    };
    return new Promise((resolve, reject) => {
      const sent = request(
        `${billing.url}/api/billing/webhook`,
        { method: "POST", headers, agent: false },
        (answer) => {
          text(answer).then(
            (got) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(got) as Record<string, unknown> }),
            reject,
          );
        },
      ).on("error", reject);
      sent.end(payload);
    });
  }
  const send = (event: object, secret: string = newSecret) => {
    const payload = JSON.stringify(event);
    return post(payload, signatureOf(payload, secret));
  };
  const rows = async (id: string) =>
    (await billing.db.raw<{ rows: Record<string, unknown>[] }>("select * from webhook_event where id = ?", [id])).rows;

  test("stores an event, of either secret, and answers while Stripe cannot be reached", async () => {
    for (const secret of [oldSecret, newSecret]) {
      const event = eventOf();
      expect(await send(event, secret)).toEqual({ status: 200, body: { received: true, duplicate: false } });
      expect(await rows(event.id)).toMatchObject([{ type: event.type, customer_id: "cus_1", state: "pending" }]);
    }
  });

  test("keeps what failed, with why, to be tried again", async () => {
    const event = eventOf();
    await send(event);
    await eventually(async () => {
      expect(await rows(event.id)).toMatchObject([{ state: "pending", attempts: expect.any(Number) }]);
      expect(Number((await rows(event.id))[0]?.["attempts"])).toBeGreaterThan(0);
    });
  });

  test("a delivery that is repeated, fifty at once too, is one event", async () => {
    const event = eventOf();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(event)));
    expect(answers.filter(({ body }) => body["duplicate"] === false)).toHaveLength(1);
    expect(await rows(event.id)).toHaveLength(1);
  });

  test("a body that was parsed and written again is refused: the bytes are signed", async () => {
    const payload = JSON.stringify(eventOf(), null, 2);
    const answer = await post(JSON.stringify(JSON.parse(payload)), signatureOf(payload, newSecret));
    expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_request"]);
  });

  test("an event of the other mode is refused and not kept", async () => {
    const event = eventOf({ livemode: true });
    expect((await send(event)).status).toBe(400);
    expect(await rows(event.id)).toEqual([]);
  });

  test.each([
    ["a type that nobody knows", eventOf({ type: "pizza.baked", data: { object: { object: "pizza" } } }), "ignored"],
    ["a version that is not ours", eventOf({ api_version: "2024-06-20" }), "pending"],
    ["a customer's own event", eventOf({ data: { object: { object: "customer", id: "cus_2" } } }), "pending"],
    [
      "an expanded customer",
      eventOf({ data: { object: { object: "invoice", id: "in_1", customer: { id: "cus_3" } } } }),
      "pending",
    ],
    [
      "a dispute, which names its charge alone,",
      eventOf({ type: "charge.dispute.created", data: { object: { object: "dispute", id: "du_1", charge: "ch_1" } } }),
      "pending",
    ],
    [
      "a thin notification",
      {
        object: "v2.core.event",
        id: "evt_thin",
        type: "v1.customer.subscription.updated",
        livemode: false,
        created: "2026-06-01T00:00:00.000Z",
        related_object: { id: "sub_1", type: "subscription", url: "/v1/subscriptions/sub_1" },
      },
      "pending",
    ],
  ])("%s is taken", async (_what, event, state) => {
    expect((await send(event)).status).toBe(200);
    expect(await rows(event.id)).toMatchObject([{ state }]);
  });

  test("a body that does not come is refused after its time, and its connection ends", async () => {
    const headers = { "content-type": "application/json", "content-length": 1_000 };
    const sent = request(`${billing.url}/api/billing/webhook`, { method: "POST", headers, agent: false });
    sent.write("{");
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(JSON.parse(await text(answer))).toMatchObject({ status: 408, code: "request_timeout" });
    expect(answer.headers.connection).toBe("close");
    sent.destroy();
  });

  test("more at once than are taken are told to come back, and none of the others is lost", async () => {
    const events = Array.from({ length: 40 }, () => eventOf());
    const locked = await billing.db.transaction();
    await locked.raw("lock table webhook_event in access exclusive mode");
    const answers = events.map((event) => send(event));
    const refused = (await firstSettled(answers, 8)).map(({ body }) => body);
    expect(refused).toMatchObject(refused.map(() => ({ status: 503, code: "overloaded" })));
    await locked.rollback();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(32);
    const ids = events.map(({ id }) => id);
    const { rows: stored } = await billing.db.raw<{ rows: unknown[] }>(
      "select 1 from webhook_event where id = any(?)",
      [ids],
    );
    expect(stored).toHaveLength(32);
  });

  test.each(["   ", "short", "whsec_with a space in it", Array(6).fill(newSecret).join(",")])(
    "%j is no list of secrets",
    (secrets) => {
      const read = readConfig(configSchema, { ...callerEnv, STRIPE_WEBHOOK_SECRET: secrets });
      expect(read.ok ? [] : read.problems.join()).toContain("STRIPE_WEBHOOK_SECRET");
    },
  );

  test("each is counted by what became of it, and a refusal by why", async () => {
    const counted = async (): Promise<string> => (await fetch(`${billing.opsUrl}/metrics`)).text();
    const valueOf = (page: string, [name, label]: readonly [string, string]): number =>
      Number(new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} (\\d+)$`, "m").exec(page)?.[1]);
    const before = await counted();
    await send(eventOf({ type: "pizza.baked", data: { object: { object: "pizza" } } }));
    await post("{}", signatureOf("{}", "a secret of nobody"));
    const after = await counted();
    for (const series of [
      ["topdog_billing_webhooks_total", 'outcome="ignored"'],
      ["topdog_billing_webhooks_total", 'outcome="refused"'],
      ["topdog_billing_webhook_refusals_total", 'reason="wrong_signature"'],
    ] as const)
      expect([series, valueOf(after, series) - valueOf(before, series)]).toEqual([series, 1]);
  });

  test("more than a mebibyte is refused as too large", async () => {
    expect((await send(eventOf({ padding: "x".repeat(1024 * 1024) }))).status).toBe(413);
  });
});

/** The first `count` that are there. */
async function firstSettled<T>(promises: readonly Promise<T>[], count: number): Promise<T[]> {
  const settled: T[] = [];
  for (const promise of promises) void promise.then((value) => settled.push(value));
  await eventually(() => expect(settled).toHaveLength(count));
  return settled.slice(0, count);
}
