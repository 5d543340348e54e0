import type { SourceFile } from "./source-tree.ts";

const adrName = /^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/;
const adrSections = [
  /^# /m,
  /^- (?:\*\*)?Status/im,
  /^## Context/m,
  /^## (?:Decision|Considered options)/im,
  /^## Consequences|^### Consequences/im,
];

/** Decisions are numbered once, titled, and say their status, context, decision and consequences. */
export function findDecisionProblems(files: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  for (const file of files.filter((one) => one.path.startsWith("docs/adr/") && one.path.endsWith(".md"))) {
    const number = adrName.exec(file.path)?.[1];
    if (number === undefined) {
      problems.push(`${file.path}: name it NNNN-what-was-decided.md`);
      continue;
    }
    const other = seen.get(number);
    if (other !== undefined) problems.push(`${file.path}: ${number} is taken by ${other}`);
    seen.set(number, file.path);
    if (!adrSections.every((section) => section.test(file.text))) {
      problems.push(`${file.path}: needs a title, "- Status:", "## Context", "## Decision" and "## Consequences"`);
    }
  }
  return problems;
}

/** A path in backticks that starts at the root: `services/quota/src/app.ts`. Patterns and placeholders are left alone. */
const quotedPath = /`((?:services|libs|scripts|docs|proofs|e2e|bench|\.ci)\/[\w./-]+\.(?:ts|mjs|md|sql|json|yml))`/g;

/** File paths that Markdown quotes must exist. Links are checked by remark-validate-links. */
export function findBrokenPaths(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  return files
    .filter((file) => file.path.endsWith(".md"))
    .flatMap((file) => {
      const text = file.text.replaceAll(/^```[\s\S]*?^```/gm, "");
      const missing = [...text.matchAll(quotedPath)].map((match) => match[1] ?? "").filter((path) => !paths.has(path));
      return missing.map((path) => `${file.path}: leads nowhere: ${path}`);
    });
}
