import { expect, test } from "@jest/globals";
import { readConfig } from "@topdog/config/load";
import { configSchema } from "../src/config.ts";
import { routerKeys } from "./fake-router.ts";
import { gatewayKeys } from "./read-caller.ts";

const needed = {
  NATS_NKEY_SEED: `SU${"A".repeat(56)}`,
  CALLER_SIGNING_KEY: gatewayKeys.signingKey,
  ROUTER_PUBLIC_KEYS: routerKeys.publicKeys,
};

test("secrets and keys are all that must be set", () => {
  const problems = Object.keys(needed).map((name) => `${name}: is required`);
  const read = readConfig(configSchema, {});
  expect(read.ok ? [] : read.problems.toSorted()).toEqual(problems.toSorted());
  expect(readConfig(configSchema, needed)).toMatchObject({ ok: true, config: { HTTP_PORT: 8080 } });
});

test("several groups of routers can be named, with the share of each", () => {
  const read = readConfig(configSchema, {
    ...needed,
    ROUTER_URL: "link://stable:1?weight=95, links://[::1]:2?weight=5",
  });
  expect(read).toMatchObject({
    ok: true,
    config: {
      ROUTER_URL: [
        { host: "stable", port: 1, isTls: false, weight: 95 },
        { host: "::1", port: 2, isTls: true, weight: 5 },
      ],
    },
  });
  for (const wrong of [
    "http://a:1",
    "link://a",
    "link://a:1?weight=-1",
    "link://a:1?weight=0",
    "link://169.254.169.254:80",
    "",
  ]) {
    expect(readConfig(configSchema, { ...needed, ROUTER_URL: wrong }).ok).toBe(wrong === "");
  }
});
