import { dirname, normalize } from "node:path/posix";
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

const link = /\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;
/** A path in backticks that starts at the root: `services/quota/src/app.ts`. Patterns and placeholders are left alone. */
const quotedPath = /`((?:services|libs|scripts|docs|e2e|bench|\.ci)\/[\w./-]+\.(?:ts|mjs|md|sql|json|yml))`/g;

/** Heading text → the anchor that GitHub gives it. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.split("\n").filter((line) => /^#{1,6} /.test(line));
  const slug = (heading: string): string =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
  return new Set(headings.map(slug));
}

/** Relative links and file paths in Markdown must lead to a file (and to a heading) that exists. */
export function findBrokenLinks(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const exists = (path: string): boolean =>
    byPath.has(path) || files.some((file) => file.path.startsWith(`${path.replace(/\/$/, "")}/`));
  return files
    .filter((file) => file.path.endsWith(".md"))
    .flatMap((file) => {
      const text = file.text.replaceAll(/^```[\s\S]*?^```/gm, "");
      const links = [...text.matchAll(link)]
        .map((match) => match[1] ?? "")
        .filter((target) => !/^[a-z]+:/i.test(target));
      const broken = links.filter((target) => {
        const [path = "", anchor] = target.split("#");
        const resolved = path === "" ? file.path : normalize(`${dirname(file.path)}/${path}`);
        if (!exists(resolved)) return true;
        const page = byPath.get(resolved);
        return anchor !== undefined && page?.path.endsWith(".md") === true && !anchorsOf(page.text).has(anchor);
      });
      const missing = [...text.matchAll(quotedPath)].map((match) => match[1] ?? "").filter((path) => !exists(path));
      return [...broken, ...missing].map((target) => `${file.path}: leads nowhere: ${target}`);
    });
}
