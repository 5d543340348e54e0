import { describe, expect, test } from "@jest/globals";
import { planServices, type StackPlan } from "./stack-plan.ts";

const plan: StackPlan = {
  root: "/checkout",
  host: "127.0.0.1",
  logDir: "/logs",
  logLevel: "info",
  natsUrl: "nats://127.0.0.1:4",
  busSeeds: {
    "org-registry": "seed-1",
    billing: "seed-2",
    quota: "seed-3",
    "llm-router": "seed-4",
    gateway: "seed-5",
    operator: "seed-6",
  },
  databaseUrls: {
    "org-registry": "postgres://a",
    billing: "postgres://b",
    quota: "postgres://c",
    "llm-router": "postgres://d",
  },
  auditKeys: "local:audit-canary",
  callerKeys: { signingKey: "private", publicKeys: "public" },
  routerKeys: { signingKey: "router-private", publicKeys: "router-public" },
  vaultKeys: "vault",
  fingerprintKey: "f".repeat(43),
  operatorToken: "o".repeat(43),
  authSecret: "a".repeat(43),
  mailDir: "/mail",
  webDir: null,
  spoolDir: "/spool",
  ports: {
    "org-registry": 1,
    billing: 2,
    quota: 3,
    "llm-router": 4,
    gateway: 5,
    "gateway-2": 6,
    "sandbox-a": 7,
    "sandbox-b": 8,
    "llm-router-link": 9,
    "llm-router-2": 10,
    "llm-router-2-link": 11,
  },
  replicas: 1,
  routers: ["llm-router"],
  gateways: ["gateway", "gateway-2"],
  sandboxes: ["sandbox-a", "sandbox-b"],
  stripeTwin: null,
  overrides: {},
  entries: {},
  watched: [],
  inspectAddresses: {},
  parentEnv: {
    OPENAI_API_KEY: "canary-key",
    MISTRAL_API_KEY: "canary-key-2",
    OTHER_API_KEY: "other-key",
    UPSTREAMS: '[{"id":"other","baseUrl":"https://other.test","apiKeyEnv":"OTHER_API_KEY"}]',
    AWS_SECRET_ACCESS_KEY: "canary",
    REGULATED_LINEUP: "true",
    LOG_LEVEL: "of the shell",
  },
  variables: {
    "org-registry": ["HTTP_PORT", "DATABASE_URL", "CALLER_PUBLIC_KEYS", "LOG_LEVEL"],
    billing: ["HTTP_PORT", "DATABASE_URL", "REGULATED_LINEUP"],
    quota: ["HTTP_PORT", "DATABASE_URL"],
    "llm-router": [
      "HTTP_PORT",
      "SANDBOX_URLS",
      "SPOOL_DIR",
      "ROUTER_SIGNING_KEY",
      "OPENAI_API_KEY",
      "MISTRAL_API_KEY",
      "UPSTREAMS",
    ],
    gateway: ["HTTP_PORT", "CALLER_SIGNING_KEY", "ROUTER_URL"],
    "sandbox-provider": ["HTTP_PORT"],
  },
};

describe("planServices", () => {
  test("gateway and router each get their own private key, and the public one of who they must know", () => {
    const names = ["CALLER_SIGNING_KEY", "ROUTER_PUBLIC_KEYS", "ROUTER_SIGNING_KEY", "CALLER_PUBLIC_KEYS"];
    const variables = Object.fromEntries(Object.keys(plan.variables).map((name) => [name, names]));
    const got = planServices({ ...plan, variables }).map((spec) => [spec.name, names.map((name) => spec.env[name])]);
    const ofGateway = ["private", "router-public", undefined, undefined];
    const ofSibling = [undefined, undefined, undefined, "public"];
    const none = [undefined, undefined, undefined, undefined];
    expect(Object.fromEntries(got)).toEqual({
      "org-registry": ofSibling,
      billing: ofSibling,
      quota: ofSibling,
      "llm-router": [undefined, undefined, "router-private", "public"],
      gateway: ofGateway,
      "gateway-2": ofGateway,
      "sandbox-a": none,
      "sandbox-b": none,
    });
  });

  test("each database's URL reaches the service that owns it, and no other", () => {
    const urls = planServices(plan).map((spec) => [spec.name, spec.env["DATABASE_URL"]]);
    expect(urls.filter(([, url]) => url !== undefined)).toEqual([
      ["org-registry", "postgres://a"],
      ["billing", "postgres://b"],
      ["quota", "postgres://c"],
    ]);
  });

  test("a process gets what its configuration names, of the plan and of our own environment, and nothing else", () => {
    const specs = planServices({ ...plan, sandboxes: ["sandbox-a"] });
    const names = Object.fromEntries(
      specs.map((spec) => [spec.name, Object.keys(spec.env).filter((name) => name !== "NODE_COMPILE_CACHE")]),
    );
    expect(names).toEqual({
      "sandbox-a": ["HTTP_PORT"],
      "org-registry": ["HTTP_PORT", "DATABASE_URL", "CALLER_PUBLIC_KEYS", "LOG_LEVEL"],
      billing: ["HTTP_PORT", "DATABASE_URL", "REGULATED_LINEUP"],
      quota: ["HTTP_PORT", "DATABASE_URL"],
      "llm-router": ["HTTP_PORT", "SANDBOX_URLS", "SPOOL_DIR", "ROUTER_SIGNING_KEY"],
      gateway: ["HTTP_PORT", "CALLER_SIGNING_KEY", "ROUTER_URL"],
      "gateway-2": ["HTTP_PORT", "CALLER_SIGNING_KEY", "ROUTER_URL"],
    });
    expect(specs.find(({ name }) => name === "org-registry")?.env["LOG_LEVEL"]).toBe("info");
  });

  test("with the Stripe twin, billing speaks to it alone: a test run charges nobody", () => {
    const variables = {
      ...plan.variables,
      billing: ["STRIPE_SECRET_KEY", "STRIPE_API_URL", "STRIPE_PRICE_ID_PRO_ANNUAL", "CHECKOUT_SUCCESS_URL"],
    };
    const twin = { dataDir: "/twin", webhookSecret: "whsec_1" };
    const ports = { ...plan.ports, "stripe-twin": 12 };
    const parentEnv = { STRIPE_SECRET_KEY: "sk_live_canary" };
    const specs = planServices({ ...plan, variables, ports, parentEnv, stripeTwin: twin });
    expect(JSON.stringify(specs)).not.toContain("canary");
    expect(specs.find(({ name }) => name === "billing")?.env).toMatchObject({
      STRIPE_API_URL: "http://127.0.0.1:12",
      STRIPE_PRICE_ID_PRO_ANNUAL: "price_twin_pro_annual",
      CHECKOUT_SUCCESS_URL: `http://localhost:${plan.ports["gateway"]}/billing?checkout=done`,
    });
    expect(planServices({ ...plan, variables, parentEnv }).find(({ name }) => name === "billing")?.env).toMatchObject({
      STRIPE_SECRET_KEY: "sk_live_canary",
    });
  });

  test("each process of a service gets that service's identity on the bus, and nobody the operator's", () => {
    const variables = Object.fromEntries(Object.keys(plan.variables).map((name) => [name, ["NATS_NKEY_SEED"]]));
    const specs = planServices({ ...plan, variables, parentEnv: { NATS_NKEY_SEED: "of another stack" } });
    const seeds = specs.map((spec) => [spec.name, spec.env["NATS_NKEY_SEED"]]);
    expect(Object.fromEntries(seeds)).toEqual({
      "org-registry": "seed-1",
      billing: "seed-2",
      quota: "seed-3",
      "llm-router": "seed-4",
      gateway: "seed-5",
      "gateway-2": "seed-5",
      "sandbox-a": undefined,
      "sandbox-b": undefined,
    });
  });

  test("the gateway alone can sign who calls; its siblings can verify it, the sandbox cannot", () => {
    const variables = Object.fromEntries(
      Object.keys(plan.variables).map((name) => [name, ["CALLER_SIGNING_KEY", "CALLER_PUBLIC_KEYS"]]),
    );
    const specs = planServices({ ...plan, variables });
    const holders = (name: string) => specs.filter(({ env }) => env[name] !== undefined).map((spec) => spec.name);
    expect(holders("CALLER_SIGNING_KEY")).toEqual(["gateway", "gateway-2"]);
    expect(holders("CALLER_PUBLIC_KEYS")).toEqual(["org-registry", "billing", "quota", "llm-router"]);
  });

  test("each router has a spool and a link port of its own, and the gateways know them all", () => {
    const routers = ["llm-router", "llm-router-2"];
    const variables = { ...plan.variables, "llm-router": ["SPOOL_DIR", "LINK_PORT"] };
    const specs = planServices({ ...plan, routers, variables });
    const envOf = (name: string) => specs.find((spec) => spec.name === name)?.env;
    expect(envOf("llm-router")).toMatchObject({ SPOOL_DIR: "/spool", LINK_PORT: "9" });
    expect(envOf("llm-router-2")).toMatchObject({ SPOOL_DIR: "/spool-2", LINK_PORT: "11" });
    expect(envOf("gateway-2")?.["ROUTER_URL"]).toBe("link://127.0.0.1:9,link://127.0.0.1:11");
  });

  test("with sandboxes, no provider key reaches any process: a test run can spend nobody's money", () => {
    const specs = planServices(plan);
    expect(JSON.stringify(specs)).not.toMatch(/canary-key|other-key/);
    const router = specs.find((spec) => spec.name === "llm-router");
    expect(router?.env["SANDBOX_URLS"]).toBe("http://127.0.0.1:7,http://127.0.0.1:8");
  });

  test("without sandboxes, the provider keys reach the router alone, also one that UPSTREAMS names", () => {
    const specs = planServices({ ...plan, sandboxes: [] });
    for (const [name, value] of [
      ["OPENAI_API_KEY", "canary-key"],
      ["MISTRAL_API_KEY", "canary-key-2"],
      ["OTHER_API_KEY", "other-key"],
    ] as const) {
      const holders = specs.filter((spec) => spec.env[name] === value).map((spec) => spec.name);
      expect(holders).toEqual(["llm-router"]);
    }
  });

  test("an override for a service counts for each of its processes, one for a process for that alone", () => {
    const specs = planServices({ ...plan, overrides: { gateway: { A: "all" }, "gateway-2": { B: "second" } } });
    const gateways = specs.filter((spec) => spec.name.startsWith("gateway"));
    expect(gateways.map(({ port, env }) => [port, env["A"], env["B"]])).toEqual([
      [5, "all", undefined],
      [6, "all", "second"],
    ]);
  });
});
