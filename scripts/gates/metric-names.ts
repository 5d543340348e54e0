import type { SourceFile } from "./source-tree.ts";

const registration = /\.(counter|gauge|histogram|summary)(?:<[^(]*>)?\(\s*\{([\s\S]*?)\}\s*(?:satisfies[^)]*)?\)/g;
const units = ["total", "seconds", "bytes", "ratio", "tokens", "calls", "records", "rows", "count", "connections"];
const tenantLabels = /\b(?:user_?id|org_?id|key_?id|request_?id|tenant|api_?key|lease_?id)\b\s*[:,\]]/i;

/** `topdog_<service>_<noun>_<unit>[_total]`, and no label that grows with customers. */
export function findMetricProblems(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => /^services\/[^/]+\/src\/metrics\.ts$/.test(file.path))
    .flatMap((file) => {
      const service = (file.path.split("/")[1] ?? "").replaceAll("-", "_");
      return [...file.text.matchAll(registration)].flatMap(([, kind = "", body = ""]) => {
        const name = /\bname:\s*["'`]([^"'`]+)["'`]/.exec(body)?.[1];
        if (name === undefined) return [`${file.path}: a ${kind} whose name is not a plain string`];
        return nameProblems(name, kind, service, body).map((problem) => `${file.path}: ${name}: ${problem}`);
      });
    });
}

function nameProblems(name: string, kind: string, service: string, body: string): string[] {
  const problems: string[] = [];
  const prefix = `topdog_${service}_`;
  if (!name.startsWith(prefix)) problems.push(`must start with ${prefix}`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) problems.push("lower case, digits and _ only");
  if (kind === "counter" && !name.endsWith("_total")) problems.push("a counter ends with _total");
  if (kind !== "counter" && name.endsWith("_total")) problems.push("only a counter ends with _total");
  if (kind === "histogram" && !units.some((unit) => name.endsWith(`_${unit}`))) problems.push("ends with no unit");
  if (!/\bhelp:/.test(body)) problems.push("has no help");
  if (tenantLabels.test(body)) problems.push("a label per customer never ends: use the ledger");
  return problems;
}
