import { setTimeout as sleep } from "node:timers/promises";
import { serviceNames, type ServiceName } from "@topdog/contracts/services";
import { until } from "./kube.ts";
import type { SteadyLoad } from "./load/load.ts";
import type { RehearsedPlatform } from "./platform.ts";
import { awaitVerdict, begin, ship, undo, type Verdict, wantedRelease } from "./release.ts";

export interface Scenario {
  readonly name: string;
  /** What must come of it. */
  readonly expected: string;
  /** What came of it, in the same words. */
  run(platform: RehearsedPlatform, load: SteadyLoad): Promise<string>;
}

const healthyTimeoutMs = 120_000;

const promotion = (service: ServiceName): Scenario => ({
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

async function goBack(platform: RehearsedPlatform, service: ServiceName): Promise<void> {
  await undo(platform, service);
  await until(
    `${service} is healthy again`,
    () => platform.kube.rollout(service),
    ({ phase }) => phase === "Healthy",
    {
      timeoutMs: healthyTimeoutMs,
    },
  );
  await platform.withdraw();
}

const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "taken",
    (error: Error) =>
      /not promoted|taken back already/.exec(error.message) === null ? `failed: ${error.message}` : "refused",
  );

const undoTwice = (service: ServiceName): Scenario => ({
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
  name: "gateway: a release while Prometheus is down",
  expected: "aborted",
  run: async (platform) => {
    await platform.prometheus.stop();
    try {
      const { verdict } = await ship(platform, "gateway");
      await goBack(platform, "gateway");
      return verdict;
    } finally {
      await platform.prometheus.start();
      await sleep(warmUpMs);
    }
  },
};
/** Until a Prometheus that was started anew has a window of samples. */
const warmUpMs = 25_000;

const stripeRemoved: Scenario = {
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
  badRelease("gateway", "is slow", { "resources.limits.cpu": "60m" }),
  undoTwice("quota"),
  undoAfter("org-registry"),
  noTraffic,
  prometheusDown,
  providerOutage,
  stripeRemoved,
];
