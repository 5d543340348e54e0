import { expect, test } from "@jest/globals";
import { Stripe } from "stripe";
import { stripeApiVersion, stripeSdkVersion } from "./version.ts";

test("the pinned versions are those of the installed package: an upgrade cannot move the API's shapes unseen", () => {
  expect(Stripe.API_VERSION).toBe(stripeApiVersion);
  expect(Stripe.PACKAGE_VERSION).toBe(stripeSdkVersion);
});
