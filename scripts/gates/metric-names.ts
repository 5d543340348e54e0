import { problemsByLine, type SourceFile } from "./source-tree.ts";

const registration = /\.(counter|gauge|histogram)(?:<[^(]*>)?\(\s*\{([\s\S]*?)\}\s*\)/g;
const metricLiteral = /["'`](topdog_\w+)["'`]/g;
const units = ["seconds", "bytes", "ratio", "tokens", "calls", "records", "rows", "buckets", "attempts", "leases"];
const customerLabel = /\b(?:user_?id|org_?id|key_?id|request_?id|tenant|api_?key|lease_?id)\b\s*[:,\]]/i;

/** `topdog_<service>_<noun>_<unit>[_total]`, registered in metrics.ts alone, and no label that grows with customers. */
export function findMetricProblems(files: readonly SourceFile[]): string[] {
  const sources = files.filter((file) => /^services\/[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file.path));
  const isMetrics = (file: SourceFile): boolean => /^services\/[^/]+\/src\/metrics\.ts$/.test(file.path);
  const elsewhere = sources
    .filter((file) => !isMetrics(file))
    .flatMap((file) =>
      problemsByLine(file, /\.(?:counter|gauge|histogram)(?:<[^(]*>)?\(\s*\{/, "belongs in metrics.ts"),
    );
  return [...elsewhere, ...sources.filter(isMetrics).flatMap(problemsOf)];
}

function problemsOf({ path, text }: SourceFile): string[] {
  const prefix = `topdog_${(path.split("/")[1] ?? "").replaceAll("-", "_")}_`;
  const literals = [...text.matchAll(metricLiteral)].map((match) => match[1] ?? "");
  const misnamed = literals
    .filter((name) => !name.startsWith(prefix))
    .map((name) => `${name} must start with ${prefix}`);
  const registered = [...text.matchAll(registration)].flatMap(([, kind = "", body = ""]) =>
    registrationProblems(kind, body, prefix),
  );
  return [...misnamed, ...registered].map((problem) => `${path}: ${problem}`);
}

function registrationProblems(kind: string, body: string, prefix: string): string[] {
  const name = /\bname:\s*["'`]([^"'`]+)["'`]/.exec(body)?.[1];
  const problems = customerLabel.test(body) ? ["a label per customer never ends: use the ledger"] : [];
  if (name === undefined) return problems;
  if (!name.startsWith("topdog_")) problems.push(`must start with ${prefix}`);
  if ((kind === "counter") !== name.endsWith("_total")) problems.push("a counter, and nothing else, ends with _total");
  if (kind === "histogram" && !units.some((unit) => name.endsWith(`_${unit}`)))
    problems.push("ends with no known unit");
  if (!/\bhelp\b/.test(body)) problems.push("has no help");
  return problems.map((problem) => `${name}: ${problem}`);
}
