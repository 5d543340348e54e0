import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serviceNames, type ServiceName } from "@topdog/contracts/services";
import type { FaultyTag } from "./images/faulty-builds.ts";
import { until } from "./kube.ts";
import { busScenario } from "./bus-scenario.ts";
import { nodeFlags } from "./load/load.ts";
import type { RehearsedPlatform } from "./platform.ts";
import {
  awaitVerdict,
  begin,
  goBack,
  healthyTimeoutMs,
  type Outcome,
  ship,
  type Verdict,
  wantedRelease,
} from "./release.ts";
import type { Scenario } from "./scenario.ts";

const promotion = (service: ServiceName): Scenario => ({
  lane: service,
  name: `${service}: a healthy release`,
  expected: "promoted",
  run: async (platform) => {
    const { verdict } = await ship(platform, service);
    if (verdict !== "promoted") await goBack(platform, service);
    return verdict;
  },
});

/** A bad release is aborted, then taken back by the command of the runbook; afterwards all is as before it. */
const badRelease = (
  service: ServiceName,
  what: string,
  bad: Readonly<Record<string, string>>,
  verdict: Verdict = "aborted",
): Scenario => ({
  lane: service,
  name: `${service}: a release that ${what}`,
  expected: `${verdict}, then back on the last good one`,
  run: async (platform) => {
    const before = await wantedRelease(platform, service);
    const outcome = await ship(platform, service, bad);
    await goBack(platform, service);
    const isBack = (await wantedRelease(platform, service)) === before;
    return `${outcome.verdict}, then ${isBack ? "back on the last good one" : "still on another"}`;
  },
});

/** By a build that has the bug. */
const faultyBuild = (service: ServiceName, what: string, tag: FaultyTag, verdict?: Verdict): Scenario =>
  badRelease(service, what, { "image.tag": tag }, verdict);

/** The first provider's address is wrong, and no breaker ever opens: each call that begins there is refused at once, and falls back. */
const wrongFirstProvider = {
  "config.SANDBOX_URLS": "http://127.0.0.1:8099,http://sandbox-provider:8091",
  "config.BREAKER_VOLUME": "10000",
};

const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "taken",
    (error: Error) =>
      /not promoted|taken back already/.exec(error.message) === null ? `failed: ${error.message}` : "refused",
  );

const undoTwice = (service: ServiceName): Scenario => ({
  lane: service,
  name: `${service}: undo twice in the middle of a canary, and an upgrade before its end`,
  expected: "upgrade refused, undone to the last good one, second undo refused, last good one again",
  run: async (platform) => {
    const good = await wantedRelease(platform, service);
    await begin(platform, service);
    const upgrade = await refusal(begin(platform, service));
    await goBack(platform, service);
    const first = (await wantedRelease(platform, service)) === good ? "the last good one" : "another";
    const second = await refusal(platform.kube.kubectl(["rollout", "undo", `deployment/${service}`]));
    const last = (await wantedRelease(platform, service)) === good ? "last good one again" : "another";
    return `upgrade ${upgrade}, undone to ${first}, second undo ${second}, ${last}`;
  },
});

const undoAfter = (service: ServiceName): Scenario => ({
  lane: service,
  name: `${service}: undo after a promotion`,
  expected: "promoted, back on the one before, second undo refused",
  run: async (platform) => {
    const before = await wantedRelease(platform, service);
    const { verdict } = await ship(platform, service);
    await goBack(platform, service);
    const isBack = (await wantedRelease(platform, service)) === before;
    const second = await refusal(platform.kube.kubectl(["rollout", "undo", `deployment/${service}`]));
    return `${verdict}, ${isBack ? "back on the one before" : "on another"}, second undo ${second}`;
  },
});

const noTraffic: Scenario = {
  lane: "alone",
  name: "gateway: a release without any traffic",
  expected: "inconclusive",
  run: async (platform, load) => {
    await load.pause();
    try {
      const { verdict } = await ship(platform, "gateway");
      await goBack(platform, "gateway");
      return verdict;
    } finally {
      load.resume();
    }
  },
};

const prometheusDown: Scenario = {
  lane: "alone",
  name: "gateway: a release while Prometheus is down",
  expected: "aborted",
  run: async (platform) => {
    await platform.prometheus.stop();
    let outcome: Outcome;
    try {
      outcome = await ship(platform, "gateway");
    } finally {
      await platform.prometheus.start();
    }
    // It has a window of samples again before the next release is judged.
    await goBack(platform, "gateway");
    return outcome.verdict;
  },
};

const purchase: Scenario = {
  lane: "billing",
  name: "billing: a plan is bought at Stripe's twin, which tells of it",
  expected: "pro is in force",
  run: async ({ kube, cluster, gatewayUrl, buyer }) => {
    const twin = await kube.kubectl(["get", "service", "stripe-twin", "--output", "jsonpath={.spec.clusterIP}"]);
    const script = join(import.meta.dirname, "load/purchase-process.ts");
    const args = [gatewayUrl, `http://${twin.trim()}:8093`, buyer.email, buyer.password];
    const plan = await cluster.exec(process.execPath, [...nodeFlags, script, ...args]);
    return `${plan.trim()} is in force`;
  },
};

const stripeRemoved: Scenario = {
  lane: "billing",
  name: "billing: the secret stripe-keys is removed, then put back",
  expected: "503 without it, 200 with it",
  run: async (platform) => {
    const { kube } = platform;
    const kept = await kube.kubectl(["get", "secret", "stripe-keys", "--output", "json"]);
    const status = async (): Promise<string> => {
      const url = `${platform.gatewayUrl}/api/billing/subscription`;
      const flags = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", `authorization: Bearer ${platform.key}`];
      return platform.cluster.exec("curl", [...flags, url]);
    };
    const restart = async (wanted: string): Promise<string> => {
      await kube.kubectl(["delete", "pod", "--selector", "app.kubernetes.io/name=billing", "--wait=false"]);
      return until(`billing answers ${wanted}`, status, (one) => one === wanted, { timeoutMs: healthyTimeoutMs });
    };
    const usual = await status();
    await kube.kubectl(["delete", "secret", "stripe-keys"]);
    const without = await restart("503");
    await kube.kubectl(["create", "--filename", "-"], withoutServerFields(kept));
    return `${without} without it, ${await restart(usual)} with it`;
  },
};

function withoutServerFields(text: string): string {
  const { apiVersion, kind, metadata, data } = JSON.parse(text) as {
    apiVersion: string;
    kind: string;
    metadata: { name: string };
    data: object;
  };
  return JSON.stringify({ apiVersion, kind, metadata: { name: metadata.name }, data });
}

const providerOutage: Scenario = {
  lane: "alone",
  name: "llm-router: a healthy release while the provider is down for both versions",
  expected: "not aborted",
  run: async (platform) => {
    await begin(platform, "llm-router");
    await setProviderFault(platform, { status: 500 });
    await sleep(outageMs);
    await setProviderFault(platform, null);
    const verdict = await awaitVerdict(platform, "llm-router");
    if (verdict === "inconclusive") await goBack(platform, "llm-router");
    return verdict === "aborted" ? "aborted" : "not aborted";
  },
};
const outageMs = 15_000;

async function setProviderFault({ kube, cluster }: RehearsedPlatform, fault: object | null): Promise<void> {
  const flags = [
    "get",
    "pods",
    "--selector",
    "app.kubernetes.io/name=sandbox-provider",
    "--output",
    "jsonpath={.items[*].status.podIP}",
  ];
  const addresses = (await kube.kubectl(flags)).trim().split(" ");
  const how =
    fault === null
      ? ["-X", "DELETE"]
      : ["-X", "PUT", "-H", "content-type: application/json", "-d", JSON.stringify(fault)];
  for (const address of addresses) await cluster.exec("curl", ["-sf", ...how, `http://${address}:8091/_faults`]);
}

export const scenarios: readonly Scenario[] = [
  ...serviceNames.map(promotion),
  badRelease("gateway", "answers 5xx", { "config.MAX_IN_FLIGHT": "1" }),
  faultyBuild("gateway", "is slow", "slow"),
  faultyBuild("llm-router", "doubles usage", "doubles-usage"),
  badRelease("llm-router", "falls back too often", wrongFirstProvider),
  faultyBuild("llm-router", "is silent", "silent", "inconclusive"),
  undoTwice("quota"),
  undoAfter("org-registry"),
  noTraffic,
  prometheusDown,
  providerOutage,
  purchase,
  stripeRemoved,
  busScenario,
];
