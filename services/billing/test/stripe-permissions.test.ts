import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createStripeCaller, type StripeCaller } from "../src/clients/stripe/stripe-caller.ts";
import { createPriceMap } from "../src/domain/price-map.ts";
import { checkStripe } from "../src/usecases/check-stripe.ts";

const key = "rk_test_of_a_key_that_may_do_little";
/** As Stripe answers a restricted key: to what it may not do with 403, to an object that does not exist with 404. */
let refused = "";
let server: Server;
let stripe: StripeCaller;

beforeAll(async () => {
  server = createServer((req, res) => {
    const path = new URL(req.url ?? "", "http://stripe").pathname;
    const isRefused = path.startsWith(refused);
    const message = isRefused ? `The provided key '${key}' does not have the required permissions` : "No such object";
    const error = { type: "invalid_request_error", message, ...(isRefused ? {} : { code: "resource_missing" }) };
    const isList = req.method === "GET";
    res.writeHead(isRefused ? 403 : isList ? 200 : 404, { "content-type": "application/json" });
    res.end(JSON.stringify(isRefused || !isList ? { error } : { object: "list", data: [], has_more: false }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stripe = createStripeCaller({ secretKey: key, apiUrl, onCall: () => undefined });
});
afterAll(async () => {
  stripe.close();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test.each([
  ["/v1/customers", "Customers: write"],
  ["/v1/subscriptions", "Subscriptions: write"],
  ["/v1/subscription_schedules", "Subscription schedules: write"],
  ["/v1/checkout", "Checkout sessions: write"],
  ["/v1/billing_portal", "Customer portal: write"],
  ["/v1/invoices", "Invoices: read"],
  ["/v1/prices", "Prices: read"],
  ["/v1/charges", "Charges: read"],
  ["/v1/events", "Events: read"],
  ["/v1/webhook_endpoints", "Webhook endpoints: read"],
])("a key that may not reach %s lacks %s, and nothing else is said of it", async (path, permission) => {
  refused = path;
  const findings = await checkStripe({ stripe, prices: createPriceMap({}) }, undefined);
  expect(findings.filter(({ ok }) => !ok)).toEqual([
    { point: `permission ${permission}`, ok: false, detail: "the key lacks it" },
  ]);
  expect(JSON.stringify(findings)).not.toContain(key);
});
