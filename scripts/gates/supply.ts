import type { SourceFile } from "./source-tree.ts";
import { run } from "./run-tool.ts";

const leastReleaseAgeMinutes = 3 * 24 * 60;

/** pnpm refuses a release that is younger than `minimumReleaseAge`, in the lockfile too: the setting must stand. */
export function findReleaseAgeProblems(files: readonly SourceFile[]): string[] {
  const workspace = files.find((file) => file.path === "pnpm-workspace.yaml")?.text ?? "";
  const minutes = Number(/^minimumReleaseAge: (\d+)$/m.exec(workspace)?.[1] ?? 0);
  const problems = minutes >= leastReleaseAgeMinutes ? [] : [`minimumReleaseAge must be ${leastReleaseAgeMinutes}`];
  if (/^minimumReleaseAgeExclude:/m.test(workspace)) problems.push("minimumReleaseAgeExclude lets young releases in");
  return problems.map((problem) => `pnpm-workspace.yaml: ${problem}`);
}

interface AuditReport {
  readonly advisories?: Readonly<Record<string, Advisory>>;
}

interface Advisory {
  readonly module_name: string;
  readonly severity: string;
  readonly title: string;
  readonly vulnerable_versions: string;
}

/** The audit endpoint is missing, or the network is. */
const registryIsSilent = /ERR_PNPM_AUDIT_BAD_RESPONSE|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/;
const refusedSeverities = new Set(["high", "critical"]);

/** The known vulnerabilities in what `pnpm audit --json` printed; null when it is no report. */
export function readAudit(output: string): readonly string[] | null {
  let report: AuditReport;
  try {
    report = JSON.parse(output) as AuditReport;
  } catch {
    return null;
  }
  if (report.advisories === undefined) return null;
  return Object.values(report.advisories)
    .filter(({ severity }) => refusedSeverities.has(severity))
    .map((one) => `${one.module_name} ${one.vulnerable_versions}: ${one.severity}: ${one.title}`);
}

/** Asks the registry for known vulnerabilities. A registry that answers no audits is noted, and is no failure. */
export async function auditDependencies(pnpm: string, cwd: string, note: (text: string) => void): Promise<string[]> {
  const { output } = await run(pnpm, ["audit", "--json", "--audit-level", "high"], cwd);
  const problems = readAudit(output);
  if (problems !== null) return [...problems];
  if (!registryIsSilent.test(output)) return [`pnpm audit failed: ${output}`];
  note("not checked: the registry answers no audits from here");
  return [];
}
