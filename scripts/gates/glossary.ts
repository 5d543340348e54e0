import type { SourceFile } from "./source-tree.ts";

const glossaryPath = "docs/glossary.md";
const entry = /^- \*\*([a-z][\w -]*)\*\*/gim;
const declaration = /^(?:export )?(?:interface|type|class) ([A-Z]\w*)\b/gm;
const isShipped = (file: SourceFile): boolean =>
  /^(?:libs|services)\/[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file.path) && !file.path.startsWith("libs/testing/");

/** Types of the glossary that may be declared more than once, and why. One that is declared once again must leave the list. */
const exceptions: Readonly<Record<string, string>> = {
  Entitlement: "quota and org-registry each keep a copy of what a subscription allows, and neither reads the other's",
};

/** `usage record` → `UsageRecord`. */
const typeName = (term: string): string =>
  term
    .split(/[ -]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join("");

/** A word of the glossary names one type: two types of one name mean two things, or are one thing written twice. */
export function findDoubledTypes(files: readonly SourceFile[], allowed = exceptions): string[] {
  const glossary = files.find((file) => file.path === glossaryPath)?.text ?? "";
  const names = new Set([...glossary.matchAll(entry)].map((match) => typeName(match[1] ?? "")));
  const places = new Map<string, string[]>([...names].map((name) => [name, []]));
  for (const file of files.filter(isShipped)) {
    for (const match of file.text.matchAll(declaration)) places.get(match[1] ?? "")?.push(file.path);
  }
  const doubled = [...places].filter(([, found]) => found.length > 1);
  return [
    ...doubled
      .filter(([name]) => !(name in allowed))
      .map(([name, found]) => `${name} is declared in ${found.join(" and ")}`),
    ...Object.keys(allowed)
      .filter((name) => !doubled.some(([one]) => one === name))
      .map((name) => `${name} is declared once: take it off the exceptions in scripts/gates/glossary.ts`),
  ];
}
