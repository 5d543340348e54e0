import { expect, test } from "@jest/globals";
import { createKeyPair } from "@topdog/caller-token/keys";
import { readConfig } from "@topdog/config/load";
import { configSchema } from "../src/config.ts";

test("three secrets are all that must be set, and several routers can be", () => {
  expect(readConfig(configSchema, {})).toEqual({
    ok: false,
    problems: ["NATS_NKEY_SEED: is required", "PRINCIPAL_SECRET: is required", "CALLER_SIGNING_KEY: is required"],
  });
  const read = readConfig(configSchema, {
    CALLER_SIGNING_KEY: createKeyPair("a").signingKey,
    PRINCIPAL_SECRET: "rq8Zk1vN4xWc7TbY2mLd9sGh5pJf3eUa",
    NATS_NKEY_SEED: `SU${"A".repeat(56)}`,
    ROUTER_URL: "http://a:1, http://b:2",
  });
  expect(read).toMatchObject({ ok: true, config: { HTTP_PORT: 8080, ROUTER_URL: ["http://a:1", "http://b:2"] } });
});
