import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import type { BreakerState } from "./breaker.ts";
import { createProviderHealth, type ProviderHealth } from "./provider-health.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const open: ProviderHealth[] = [];
afterEach(() => {
  for (const health of open.splice(0)) health.close();
});

interface HealthUnderTest {
  readonly health: ProviderHealth;
  readonly states: string[];
  readonly probes: () => number;
  readonly fail: (tenantId: string, times: number, sign?: "counts" | "proves") => Promise<void>;
}

function healthUnderTest({ alive = true, resetMs = 3_600_000, rampMs = 0 } = {}): HealthUnderTest {
  const states: string[] = [];
  let probes = 0;
  const health = createProviderHealth({
    name: "test",
    volumeThreshold: 4,
    errorThresholdPercent: 50,
    windowMs: 600_000,
    resetMs,
    trialDeadlineMs: 1000,
    rampMs,
    probe: async () => {
      probes += 1;
      return alive;
    },
    onState: (state: BreakerState, told) => void states.push(told ? `${state} (told)` : state),
  });
  open.push(health);
  return {
    health,
    states,
    probes: () => probes,
    async fail(tenantId, times, sign = "counts") {
      for (let i = 0; i < times; i++) {
        const admitted = health.admit();
        if (admitted !== null) health.result(sign, tenantId, admitted);
        await settled();
      }
    },
  };
}

describe("a provider that all tenants share", () => {
  test("is never rested by one tenant's failures: it is asked, and it answers", async () => {
    const { health, fail, probes } = healthUnderTest({ alive: true });
    await fail("org_a", 200);
    expect(health.next()).toBe("healthy");
    expect(probes()).toBe(1);
  });

  test("rests when one tenant fails and our own probe fails too", async () => {
    const { health, fail, states } = healthUnderTest({ alive: false });
    await fail("org_a", 3);
    expect(health.next()).toBe("healthy");
    await fail("org_a", 1);
    expect(states).toEqual(["open"]);
    expect([health.next(), health.admit()]).toEqual(["resting", null]);
  });

  test("rests when several tenants fail", async () => {
    const { health, fail, probes } = healthUnderTest();
    await fail("org_a", 2);
    await fail("org_b", 4);
    expect([health.next(), probes()]).toEqual(["resting", 0]);
  });

  test("rests when nobody gets a connection, whoever called", async () => {
    const { health, fail } = healthUnderTest();
    await fail("org_a", 4, "proves");
    expect(health.next()).toBe("resting");
  });

  test("does not rest for a caller who leaves, or for a limit", async () => {
    const { health } = healthUnderTest({ alive: false });
    for (let i = 0; i < 50; i++) {
      health.result("neutral", `org_${i}`, health.admit()!);
      health.result("alive", `org_${i}`, health.admit()!);
    }
    await settled();
    expect(health.next()).toBe("healthy");
  });

  test("rests at once when another router has found it down, and says so", () => {
    const { health, states } = healthUnderTest();
    health.openedElsewhere();
    health.openedElsewhere();
    expect([health.next(), states]).toEqual(["resting", ["open (told)"]]);
  });

  test("gets its share of calls back by and by", async () => {
    const { health, fail, states } = healthUnderTest({ resetMs: 20, rampMs: 3_600_000 });
    await fail("org_a", 1);
    await fail("org_b", 4);
    await eventually(() => expect(states).toEqual(["open", "half_open", "closed"]), { intervalMs: 5 });
    const turns = Array.from({ length: 100 }, () => health.next());
    expect(turns.filter((turn) => turn === "healthy")).toHaveLength(10);
    expect(new Set(turns)).toEqual(new Set(["healthy", "ramping"]));
  });
});
