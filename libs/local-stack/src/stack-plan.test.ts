import { describe, expect, test } from "@jest/globals";
import { planServices, type StackPlan } from "./stack-plan.ts";

const plan: StackPlan = {
  root: "/checkout",
  host: "127.0.0.1",
  logDir: "/logs",
  logLevel: "info",
  natsUrl: "nats://127.0.0.1:4",
  databaseUrls: { "org-registry": "postgres://a", billing: "postgres://b", quota: "postgres://c" },
  principalSecret: "s".repeat(43),
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
  },
  gateways: ["gateway", "gateway-2"],
  sandboxes: ["sandbox-a", "sandbox-b"],
  overrides: {},
  entries: {},
  watched: [],
  inspectAddresses: {},
  providerEnv: { OPENAI_API_KEY: "canary-key" },
};

describe("planServices", () => {
  test("each database's URL reaches the service that owns it, and no other", () => {
    const urls = planServices(plan).map((spec) => [spec.name, spec.env["DATABASE_URL"]]);
    expect(urls.filter(([, url]) => url !== undefined)).toEqual([
      ["org-registry", "postgres://a"],
      ["billing", "postgres://b"],
      ["quota", "postgres://c"],
    ]);
  });

  test("with sandboxes, no provider key reaches any process: a test run can spend nobody's money", () => {
    const specs = planServices(plan);
    expect(JSON.stringify(specs)).not.toContain("canary-key");
    expect(specs.every((spec) => "OPENAI_API_KEY" in spec.env)).toBe(true);
    const router = specs.find((spec) => spec.name === "llm-router");
    expect(router?.env["SANDBOX_URLS"]).toBe("http://127.0.0.1:7,http://127.0.0.1:8");
  });

  test("without sandboxes, the provider key reaches the router alone", () => {
    const specs = planServices({ ...plan, sandboxes: [] });
    const holders = specs.filter((spec) => spec.env["OPENAI_API_KEY"] === "canary-key").map((spec) => spec.name);
    expect(holders).toEqual(["llm-router"]);
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
