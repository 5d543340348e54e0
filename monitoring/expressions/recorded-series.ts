import type { RuleFile } from "../rules/rule-file.ts";
import type { KnownLabels } from "./known-series.ts";

/** Series that rules make, with the labels that the rules give them. */
export function recordedSeries(files: readonly RuleFile[]): ReadonlyMap<string, KnownLabels> {
  const recorded = new Map<string, Map<string, Set<string> | null>>();
  for (const rule of files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))) {
    if (!("record" in rule)) continue;
    const own = recorded.get(rule.record) ?? new Map<string, Set<string> | null>();
    recorded.set(rule.record, own);
    // What the expression leaves: its service, and of gates the revision.
    for (const label of ["service", "revision"]) if (!own.has(label)) own.set(label, null);
    for (const [label, value] of Object.entries(rule.labels ?? {})) {
      own.set(label, (own.get(label) ?? new Set()).add(value));
    }
  }
  return recorded;
}
