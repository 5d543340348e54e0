import { parse } from "yaml";
import type { SourceFile } from "./source-tree.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job extends Step {
  readonly permissions?: object;
  readonly "timeout-minutes"?: number;
  readonly environment?: unknown;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly permissions?: object;
  readonly jobs?: Readonly<Record<string, Job>>;
}

const pinned = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const usesLine = /^\s*(?:- )?uses:\s*(\S+)(.*)$/gm;
/** Of the repository itself; every other secret belongs to an environment, which somebody guards. */
const secret = /\bsecrets\.(?!GITHUB_TOKEN\b)\w+/;

function stepProblems({ uses = "", run = "", with: input = {} }: Step): string[] {
  const problems: string[] = [];
  if (run.includes("${{")) problems.push("a value is pasted into a script: pass it by env");
  if (uses.startsWith("actions/checkout@") && input["persist-credentials"] !== false)
    problems.push("checkout leaves its token behind: persist-credentials: false");
  return problems;
}

function jobProblems(name: string, job: Job): string[] {
  const steps = job.steps ?? [];
  const problems = steps.flatMap(stepProblems);
  if (job.permissions === undefined) problems.push("says no permissions");
  if (job.uses === undefined && job["timeout-minutes"] === undefined) problems.push("has no timeout-minutes");
  if (job.environment === undefined && secret.test(JSON.stringify(steps)))
    problems.push("uses a secret outside of an environment");
  return problems.map((problem) => `job ${name}: ${problem}`);
}

function pinProblems(text: string): string[] {
  return [...text.matchAll(usesLine)].flatMap(([, uses = "", rest = ""]) => {
    if (uses.startsWith("./")) return [];
    return pinned.test(uses) && /^ # v\d/.test(rest) ? [] : [`${uses}: pin it by its commit, with "# v…" behind`];
  });
}

function scriptProblems(text: string, scripts: Readonly<Record<string, string>>): string[] {
  const names = [...text.matchAll(/npm run (?:--silent )?([\w-]+)/g)].map(([, name = ""]) => name);
  return names.filter((name) => !(name in scripts)).map((name) => `npm run ${name}: there is no such script`);
}

/** What actionlint and zizmor cannot be asked here for, as far as Node alone can see it. Both run in CI. */
export function findWorkflowProblems(files: readonly SourceFile[]): string[] {
  const manifest = files.find(({ path }) => path === "package.json");
  const { scripts } = JSON.parse(manifest?.text ?? '{"scripts":{}}') as { scripts: Record<string, string> };
  const workflows = files.filter(({ path }) => /^\.github\/workflows\/[\w-]+\.yml$/.test(path));
  return workflows.flatMap(({ path, text }) => {
    const workflow = parse(text) as Workflow;
    const isClosed = JSON.stringify(workflow.permissions) === "{}";
    return [
      ...(isClosed ? [] : ["permissions: {} must stand at the top"]),
      ...Object.entries(workflow.jobs ?? {}).flatMap(([name, job]) => jobProblems(name, job)),
      ...pinProblems(text),
      ...scriptProblems(text, scripts),
    ].map((problem) => `${path}: ${problem}`);
  });
}
