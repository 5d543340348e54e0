import { expect, test } from "@jest/globals";
import { createMetrics } from "@topdog/telemetry/metrics";

test("every label combination of a counter is there at 0 before anything happened", async () => {
  const metrics = createMetrics("llm-router");
  expect(metrics.prefix).toBe("topdog_llm_router_");
  const labels = { outcome: ["ok", "failed"], kind: ["a", "b"] };
  const counter = metrics.counter({ name: "topdog_llm_router_calls_total", help: "Calls", labels });
  counter.inc({ outcome: "ok", kind: "b" });
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("topdog_llm_router_calls_total"));
  expect(lines).toHaveLength(4);
  expect(lines.filter((line) => line.endsWith(" 0"))).toHaveLength(3);
});

test("the process's own metrics and its event loop's are there", async () => {
  const text = await createMetrics("quota").text();
  expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
  expect(text).toContain("topdog_process_event_loop_utilization_ratio");
  expect(text).toContain("process_resident_memory_bytes");
});

test("asking twice for a name gives one metric, and a gauge is read when it is scraped", async () => {
  const metrics = createMetrics("quota");
  let depth = 3;
  const options = {
    name: "topdog_quota_queue_depth",
    help: "Waiting",
    collect: (gauge: { set(value: number): void }) => gauge.set(depth),
  };
  expect(metrics.gauge(options)).toBe(metrics.gauge(options));
  depth = 4;
  expect(await metrics.text()).toMatch(/topdog_quota_queue_depth\{service="quota"\} 4/);
});

test("a histogram has its buckets from the start", async () => {
  const metrics = createMetrics("quota");
  metrics.histogram({ name: "topdog_quota_sync_seconds", help: "Time", buckets: [0.01, 0.1] }).observe(0.05);
  expect(await metrics.text()).toMatch(/topdog_quota_sync_seconds_bucket\{.*le="0.1".*\} 1/);
});

test("a name that breaks the house's rule is refused", () => {
  const metrics = createMetrics("quota");
  expect(() => metrics.counter({ name: "calls_total", help: "" })).toThrow(/must be named/);
  expect(() => metrics.counter({ name: "topdog_quota_calls", help: "" })).toThrow(/_total/);
});
