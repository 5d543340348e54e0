import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { databaseOf, serviceNames, storingServices } from "@topdog/contracts/services";
import { parseAllDocuments } from "yaml";
import { resolveHelm } from "./helm-binary.ts";

const root = join(import.meta.dirname, "../..");
const chart = join(root, "charts/topdog");
const evaluation = ["--values", join(chart, "values-evaluation.yaml")];
const argo = ["--api-versions", "argoproj.io/v1alpha1/Rollout"];
const production = ["global.imageTag=1.4.2", "global.publicUrl=https://topdog.example"].flatMap((value) => [
  "--set",
  value,
]);
const run = promisify(execFile);
let helm = "";

beforeAll(async () => {
  helm = await resolveHelm(join(root, ".topdog/tools/helm"), () => undefined);
}, 300_000);

interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly {
    readonly image: string;
    readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly resources: { readonly limits?: object };
  }[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly replicas?: number;
    readonly template?: { readonly metadata: Resource["metadata"]; readonly spec: PodSpec };
  };
}

/** Every resource of a release, as helm renders it for a cluster with these kinds. */
async function render(...flags: string[]): Promise<Resource[]> {
  const { stdout } = await run(helm, ["template", "topdog", chart, "--namespace", "topdog", ...flags], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

const refusalOf = (...flags: string[]): Promise<string> =>
  render(...flags).then(
    () => "taken",
    (error: { stderr: string }) => error.stderr,
  );

const named = (resources: readonly Resource[], kind: string, name: string): Resource => {
  const found = resources.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

const podSpecs = (resources: readonly Resource[]): (readonly [string, PodSpec])[] =>
  resources.flatMap((one) => {
    const spec = one.kind === "Pod" ? (one.spec as unknown as PodSpec) : one.spec?.template?.spec;
    return spec === undefined || one.kind === "Rollout" ? [] : [[`${one.kind} ${one.metadata.name}`, spec] as const];
  });

const jobNames = (resources: readonly Resource[]): string[] =>
  resources.filter(({ kind }) => kind === "Job").map(({ metadata }) => metadata.name);

describe("an empty cluster", () => {
  let resources: Resource[] = [];
  beforeAll(async () => {
    resources = await render(...evaluation);
  });

  test("has gateways see the pods behind every Service that they ask, and clients one address of the gateways", () => {
    for (const name of serviceNames) {
      const address = named(resources, "Service", name).spec["clusterIP"];
      expect([name, address]).toEqual([name, name === "gateway" ? undefined : "None"]);
    }
  });

  test("gets plain Deployments with pods, and no kind that it does not have", () => {
    for (const name of serviceNames) expect(named(resources, "Deployment", name).spec.replicas).toBeGreaterThan(0);
    const kinds = new Set(resources.map(({ kind }) => kind));
    for (const kind of ["Rollout", "AnalysisTemplate", "PodMonitor", "PrometheusRule", "ScaledObject", "Cluster"])
      expect(kinds).not.toContain(kind);
  });

  test("can enforce restricted pods: no root, no writable root, no privileges, no token", () => {
    const pods = podSpecs(resources);
    expect(pods.length).toBeGreaterThan(15);
    for (const [name, spec] of pods) {
      expect([name, spec.automountServiceAccountToken]).toEqual([name, false]);
      expect([name, spec.securityContext]).toMatchObject([
        name,
        { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      ]);
      for (const container of spec.containers) {
        expect([name, container.securityContext]).toEqual([
          name,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        ]);
        expect([name, container.resources.limits]).toMatchObject([name, { memory: expect.any(String) }]);
      }
    }
  });

  test("holds every pod of the release by a network policy", () => {
    const policies = resources.filter(({ kind }) => kind === "NetworkPolicy");
    const guarded = JSON.stringify(policies.map(({ spec }) => spec["podSelector"]));
    for (const name of serviceNames) expect(guarded).toContain(`"app.kubernetes.io/name":"${name}"`);
    expect(named(resources, "NetworkPolicy", "topdog-default-deny").spec).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
    });
  });

  test("lets only the gateway be called from anywhere, and no service reach a metadata address", () => {
    const open = resources.filter(
      ({ kind, spec }) =>
        kind === "NetworkPolicy" &&
        ((spec["ingress"] ?? []) as { from?: unknown }[]).some(({ from }) => from === undefined),
    );
    expect(open.map(({ metadata }) => metadata.name)).toEqual(["gateway"]);
    const internet = JSON.stringify(named(resources, "NetworkPolicy", "llm-router").spec["egress"]);
    expect(internet).toContain('"169.254.0.0/16"');
    expect(internet).toContain('"10.0.0.0/8"');
  });

  test("runs a service's migration again for another image or release of it, and for nobody else's", async () => {
    const added = async (...flags: string[]): Promise<string[]> =>
      jobNames(await render(...evaluation, "--is-upgrade", ...flags))
        .filter((name) => !jobNames(resources).includes(name))
        .map((name) => name.replace(/-[0-9a-f]{10}$/, ""));
    expect(await added("--set", "gateway.release=2")).toEqual([]);
    expect(await added("--set", "billing.release=2")).toEqual(["billing-migrate"]);
    expect(await added("--set", "billing.image.tag=1.4.3")).toEqual(["billing-migrate"]);
    expect(await added("--set", "quota.release=2")).toEqual(["quota-migrate"]);
    // It ships before all others, whose durables must be there when they start.
    expect(await added("--set", "org-registry.release=2")).toEqual(["org-registry-migrate", "topdog-streams"]);
    expect(await added("--set", "nats.replicas=3")).toEqual(["topdog-streams"]);
  });

  test("migrates each database by a job that alone has the owner's secret", () => {
    for (const name of storingServices) {
      const holders = podSpecs(resources).filter(([, spec]) => JSON.stringify(spec).includes(`"${name}-migration"`));
      expect(holders.map(([holder]) => holder)).toEqual([expect.stringMatching(`^Job ${name}-migrate-[0-9a-f]{10}$`)]);
    }
  });
});

describe("a cluster with Argo Rollouts", () => {
  let resources: Resource[] = [];
  beforeAll(async () => {
    resources = await render(...evaluation, ...argo);
  });

  test("gets a Rollout for each service, which runs the pods of its Deployment", () => {
    for (const name of serviceNames) {
      expect(named(resources, "Deployment", name).spec.replicas).toBe(0);
      expect(named(resources, "Rollout", name).spec).toMatchObject({
        workloadRef: { kind: "Deployment", name, scaleDown: "never" },
        progressDeadlineAbort: true,
      });
    }
  });

  test("judges every release by gates that are in the chart, and guards what undo means", () => {
    const templates = new Set(
      resources.filter(({ kind }) => kind === "AnalysisTemplate").map((one) => one.metadata.name),
    );
    for (const name of serviceNames) {
      const strategy = JSON.stringify(named(resources, "Rollout", name).spec["strategy"]);
      expect(strategy).toContain(`"templateName":"${name}-gates"`);
      for (const [, used = ""] of strategy.matchAll(/"templateName":"([^"]+)"/g)) expect(templates).toContain(used);
      named(resources, "ValidatingAdmissionPolicyBinding", `topdog-${name}-release-order`);
    }
  });

  test("judges routers by their answers too, where evaluators are at work", async () => {
    const withEvaluators = await render(...evaluation, ...argo, "--set", "llm-router.delivery.evaluators=true");
    const asked = (release: readonly Resource[]): string =>
      JSON.stringify(named(release, "Rollout", "llm-router").spec["strategy"]);
    expect(asked(withEvaluators)).toContain('"templateName":"llm-router-answer-gates"');
    expect(asked(resources)).not.toContain("answer-gates");
    named(withEvaluators, "AnalysisTemplate", "llm-router-answer-gates");
    expect(await refusalOf(...evaluation, "--set", "quota.delivery.evaluators=true")).toContain("evaluators");
  });

  test("has the gateways weigh the routers of two versions", () => {
    const variables = named(resources, "Deployment", "gateway").spec.template?.spec.containers[0]?.env ?? [];
    const { value = "" } = variables.find(({ name }) => name === "ROUTER_URL") ?? {};
    expect(value).toBe("link://llm-router-stable:8094?weight=80,link://llm-router-canary:8094?weight=20");
    for (const name of ["llm-router-stable", "llm-router-canary"]) named(resources, "Service", name);
  });

  test("ships one service by itself: the other templates stay as they are", async () => {
    const next = await render(...evaluation, ...argo, "--set", "quota.release=2");
    const changed = serviceNames.filter(
      (name) =>
        named(next, "Deployment", name).metadata.labels?.["topdog.dev/applied"] !==
        named(resources, "Deployment", name).metadata.labels?.["topdog.dev/applied"],
    );
    expect(changed).toEqual(["quota"]);
  });
});

describe("production", () => {
  test("takes values that are strong", async () => {
    const resources = await render(...production, ...argo);
    const texts = resources.filter(({ kind }) => kind === "Secret");
    expect(texts).toEqual([]);
  });

  test("brings databases and streams up to date before an upgrade, and beside the pods of a first installation that waits for them", async () => {
    const hooksOf = (resources: readonly Resource[]): (string | undefined)[] =>
      resources.filter(({ kind }) => kind === "Job").map(({ metadata }) => metadata.annotations?.["helm.sh/hook"]);
    const upgrade = hooksOf(await render(...production, ...argo, "--is-upgrade"));
    expect(upgrade).toEqual(upgrade.map(() => "pre-upgrade"));
    expect(hooksOf(await render(...production, ...argo))).toEqual(upgrade.map(() => undefined));
    expect(upgrade.length).toBe(storingServices.length + 1);
  });

  test("has the operator of Postgres make each database by itself, and take the roles from the secret", async () => {
    const operator = ["--set", "postgres.engine=cloudnative-pg", "--api-versions", "postgresql.cnpg.io/v1/Cluster"];
    const { bootstrap } = named(await render(...production, ...argo, ...operator), "Cluster", "topdog-postgres").spec;
    expect(bootstrap).toMatchObject({
      initdb: {
        postInitSQL: storingServices.map((service) => `create database ${databaseOf(service)}`),
        postInitSQLRefs: { secretRefs: [{ name: "topdog-postgres-init", key: "roles.sql" }] },
      },
    });
  });

  test("lets nobody but its servers join the bus's cluster", async () => {
    const resources = await render(...production, ...argo);
    const { ingress } = named(resources, "NetworkPolicy", "topdog-nats").spec as {
      ingress: { from: object[]; ports: { port: string }[] }[];
    };
    const joining = ingress.filter(({ ports }) => ports.some(({ port }) => port === "cluster"));
    const servers = {
      podSelector: {
        matchLabels: (named(resources, "StatefulSet", "topdog-nats").spec["selector"] as { matchLabels: object })
          .matchLabels,
      },
    };
    expect(joining.map(({ from }) => from)).toEqual([[servers]]);
  });

  test.each([
    ["no tag", ["--set", "global.imageTag="], /set image.digest or image.tag/],
    ["a tag that says nothing", ["--set", "global.imageTag=latest"], /set image.digest or image.tag/],
    ["no public address", ["--set", "global.publicUrl="], /https:\/\//],
    ["one NATS server", ["--set", "nats.replicas=1"], /nats.oneServerIsAccepted/],
    ["a bundled Postgres", ["--set", "postgres.engine=bundled"], /without backups/],
    ["a sandbox", ["--set", "standIns.sandboxProvider.enabled=true"], /no place in production/],
    ["a sandbox as a provider", ["--set", "llm-router.config.SANDBOX_URLS=http://a"], /no place in production/],
    ["one replica", ["--set", "billing.replicas=1"], /two or more/],
    ["a secret without a name", ["--set", "llm-router.secretNames.provider-api-keys="], /is empty/],
    ["a setting that the service does not know", ["--set", "quota.config.GATEWAY_TIMEOUT=1"], /GATEWAY_TIMEOUT/],
    ["a value out of the service's bounds", ["--set", "quota.config.GATEWAY_TIMEOUT_MS=1"], /minimum/],
    ["a secret among the settings", ["--set", "gateway.config.OPERATOR_TOKEN=x"], /OPERATOR_TOKEN/],
  ])("refuses %s", async (_, flags, reason) => {
    expect(await refusalOf(...production, ...argo, ...flags)).toMatch(reason);
  });
});

test("every chart passes helm lint", async () => {
  const charts = serviceNames.map((name) => join(root, "charts", name));
  const flags = ["--strict", "--quiet", "--set", "global.mode=evaluation"];
  await run(helm, ["lint", ...charts, chart, ...flags]);
}, 60_000);
