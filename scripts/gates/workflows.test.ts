import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { findWorkflowProblems } from "./workflows.ts";

const good = `permissions: {}
jobs:
  a:
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - run: npm run rules
`;
const problemsOf = (text: string): string[] =>
  findWorkflowProblems([
    { path: ".github/workflows/a.yml", text },
    { path: "package.json", text: '{"scripts":{"rules":"x"}}' },
  ]);

describe("a workflow is refused", () => {
  test.each([
    ["an action that is pinned by a tag", good.replace(/@3d\w+/, "@v7")],
    ["a pin that does not say its version", good.replace(" # v7.0.1", "")],
    ["a token that is left in the checkout", good.replace("false", "true")],
    ["permissions by default", good.replace("permissions: {}\n", "")],
    ["a job without permissions", good.replace("    permissions: { contents: read }\n", "")],
    ["a job without a bound", good.replace("    timeout-minutes: 5\n", "")],
    ["a script that does not exist", good.replace("npm run rules", "npm run rule")],
    ["a value that is pasted into a script", good.replace("npm run rules", "echo ${{ github.head_ref }}")],
    ["a secret that no environment guards", good.replace("npm run rules", "x\n        env: { A: '${{ secrets.A }}' }")],
  ])("%s", (_, text) => {
    expect(problemsOf(text)).toHaveLength(1);
  });

  test("and one that is right is not", () => {
    expect(problemsOf(good)).toEqual([]);
  });
});

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

const readWorkflow = (name: string): Workflow =>
  parse(readFileSync(join(import.meta.dirname, "../../.github/workflows", name), "utf8")) as Workflow;

test("an image is looked through before the release workflow can push it, and what is pushed is what was looked through", () => {
  const steps = readWorkflow("release.yml").jobs["image"]?.steps ?? [];
  const at = (is: (step: Step) => boolean): number => steps.findIndex(is);
  const builds = at(({ uses }) => uses?.startsWith("docker/build-push-action@") === true);
  const looks = at(({ run }) => run?.includes('images -- --archive "$RUNNER_TEMP/image.tar"') === true);
  const logsIn = at(({ uses }) => uses?.startsWith("docker/login-action@") === true);
  const pushes = at(({ run }) => run?.includes("docker://") === true);
  expect([builds, looks, logsIn, pushes]).toEqual(
    [builds, looks, logsIn, pushes].toSorted((one, other) => one - other),
  );
  expect(builds).toBeGreaterThan(-1);
  expect(steps[builds]?.with).toMatchObject({ outputs: "type=oci,dest=${{ runner.temp }}/image.tar", sbom: true });
  expect(steps[builds]?.with).not.toHaveProperty("push");
  expect(steps[pushes]?.run).toMatch(/--all --preserve-digests [^|]*oci-archive:\$RUNNER_TEMP\/image.tar/s);
});

describe("the check of the Stripe secrets in the deploy workflow", () => {
  const { jobs } = readWorkflow("deploy.yml");
  const script = jobs["deploy"]?.steps.find(({ name }) => name?.startsWith("Are the Stripe secrets there?"))?.run ?? "";
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "topdog-stripe-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the step as GitHub does, where `kubectl` answers so. */
  function run(kubectl: string): { readonly status: number | null; readonly stdout: string; readonly summary: string } {
    const [program, summary] = [join(folder, "kubectl"), join(folder, "summary")];
    writeFileSync(program, `#!/bin/sh\n${kubectl}\n`);
    chmodSync(program, 0o755);
    writeFileSync(summary, "");
    const env = { PATH: `${folder}:/usr/bin:/bin`, NAMESPACE: "topdog", GITHUB_STEP_SUMMARY: summary };
    const { status, stdout } = spawnSync("bash", ["-e", "-o", "pipefail", "-c", script], { env, encoding: "utf8" });
    return { status, stdout, summary: readFileSync(summary, "utf8") };
  }

  const names = [...new Set(script.match(/STRIPE_[A-Z_]+/g))];

  test("warns and goes on when there is no secret", () => {
    const { status, stdout, summary } = run('echo "Error from server (NotFound)" >&2; exit 1');
    expect(status).toBe(0);
    expect(stdout).toContain("::warning");
    for (const name of names) expect(summary).toContain(name);
    expect(names.length).toBeGreaterThan(6);
  });

  test("names what is missing, and nothing else", () => {
    const { status, stdout } = run(`echo "${names.filter((name) => name !== "STRIPE_WEBHOOK_SECRET").join(" ")}"`);
    expect(status).toBe(0);
    expect(stdout).toContain("lacks: STRIPE_WEBHOOK_SECRET.");
  });

  test("says nothing when all are there", () => {
    expect(run(`echo "${names.join(" ")}"`)).toEqual({ status: 0, stdout: "", summary: "" });
  });
});
