import { findBrokenPaths, findDecisionProblems } from "./documentation.ts";
import { findEnvironmentReads } from "./environment.ts";
import type { Gate } from "./gate.ts";
import { findDoubledTypes } from "./glossary.ts";
import { findOldFunctions } from "./hot-path.ts";
import { findMetricProblems } from "./metric-names.ts";
import { findPackageProblems } from "./packages.ts";
import { findShortHistories } from "./property-tests.ts";
import { findRoomProblems } from "./rooms.ts";
import { findWorkflowProblems } from "./workflows.ts";
import { commandFile, toolCheck } from "./run-tool.ts";
import { auditDependencies, findReleaseAgeProblems } from "./supply.ts";
import { readSourceTree, type SourceFile } from "./source-tree.ts";
import { findBannedWords, findEmptyNames, findLongFiles } from "./tidy.ts";

const remarkFlags = ["--frail", "--quiet", "--no-stdout", "--use", "remark-validate-links=repository:false"];
const sourceCondition = "--conditions=@topdog/source";

/** Gates that start a tool: seconds each, so the longest come first. */
function toolGates(root: string): Gate[] {
  const tool = (packageName: string, command?: string): string => commandFile(root, packageName, command);
  const tsc = tool("typescript", "tsc");
  return [
    {
      name: "types",
      guarantee: "everything compiles, tests and scripts too",
      advice: "npm test -- --only types shows the same",
      check: toolCheck(
        root,
        [tsc, "-b"],
        [tsc, "-p", "tsconfig.check.json"],
        [tsc, "-p", "services/web/tsconfig.json"],
      ),
    },
    {
      name: "lint",
      guarantee: "no floating promise, no any, no dead branch, no mock",
      advice: "npm run fix repairs what a tool can repair; the rules are in .oxlintrc.json",
      check: toolCheck(root, [tool("oxlint"), "--type-aware", "--deny-warnings", "--format=unix"]),
    },
    {
      name: "imports",
      guarantee: "the layers of ARCHITECTURE.md hold",
      advice: "the rule's comment in .dependency-cruiser.cjs says why; move the code, not the rule",
      check: toolCheck(root, [
        tool("dependency-cruiser"),
        "--config",
        ".dependency-cruiser.cjs",
        "libs",
        "services",
        "scripts",
        "proofs",
        "e2e",
        "bench",
        "monitoring",
      ]),
    },
    {
      name: "dead-code",
      guarantee: "no unused file, export or dependency",
      advice: "delete it, or use it; entry points are listed in knip.json",
      check: toolCheck(root, [tool("knip"), "--no-progress", "--no-config-hints"]),
    },
    {
      name: "documents",
      guarantee: "docs, rules, gates, dashboards and the web app's client are what the code says",
      advice: "npm run generate, look at the difference, commit it",
      check: toolCheck(root, [sourceCondition, "scripts/generate-documents.ts", "--check"]),
    },
    {
      name: "links",
      guarantee: "every link in the docs leads to a file and a heading that exist",
      advice: "correct or remove it",
      check: toolCheck(root, [tool("remark-cli", "remark"), ...remarkFlags, "."]),
    },
    {
      name: "workspace",
      guarantee: "the packages of the workspace fit together",
      advice: "the message names the rule; sherif's documentation explains it",
      // npm installs pnpm from scripts/bootstrap, and would refuse to start under a packageManager field of another.
      check: toolCheck(root, [tool("sherif"), "--ignore-rule", "root-package-manager-field"]),
    },
    {
      name: "audit",
      guarantee: "no dependency with a known high or critical vulnerability",
      advice: "pnpm audit shows it; raise the version in pnpm-workspace.yaml, or replace the package",
      check: (note) => auditDependencies(process.env["TOPDOG_PNPM"] ?? "pnpm", root, note),
    },
    {
      name: "format",
      guarantee: "every file has oxfmt's format",
      advice: "npm run fix",
      check: toolCheck(root, [tool("oxfmt"), "--check"]),
    },
  ];
}

type Finder = (files: readonly SourceFile[]) => string[];

/** Gates over the text of the repository: milliseconds each. */
function textGates(root: string): Gate[] {
  let tree: SourceFile[] | undefined;
  const gate = (name: string, guarantee: string, advice: string, find: Finder): Gate => ({
    name,
    guarantee,
    advice,
    check: () => Promise.resolve().then(() => find((tree ??= readSourceTree(root)))),
  });
  return [
    gate("file-length", "no file over 400 lines", "split it by what it does, or say why in an ADR", findLongFiles),
    gate("names", "no file is called utils, common or the like", "name it after what it does", findEmptyNames),
    gate("words", "no unfinished, machine-bound or silenced line", "see the message", findBannedWords),
    gate("rooms", "every service and library has the same rooms", 'see "Layout" in ARCHITECTURE.md', findRoomProblems),
    gate(
      "environment",
      "the environment is read in config.ts only, and every variable is in a schema",
      "name it in the schema and pass it down from there",
      findEnvironmentReads,
    ),
    gate(
      "hot-path",
      "no call leaves garbage that only a full collection frees",
      "docs/adr/0075-what-is-paid-beside-a-call.md says what it costs",
      findOldFunctions,
    ),
    gate(
      "histories",
      "a property test over long lists makes long lists",
      'add size: "max" beside maxLength, or lower maxLength',
      findShortHistories,
    ),
    gate(
      "glossary",
      "a type named by the glossary is declared once",
      "import it, or give one of the two its own word in docs/glossary.md",
      findDoubledTypes,
    ),
    gate(
      "metric-names",
      "metric names follow one scheme, and labels are bounded",
      "topdog_<service>_<noun>_<unit>[_total]",
      findMetricProblems,
    ),
    gate("decisions", "every ADR has its own number and all its parts", "see docs/adr/0001", findDecisionProblems),
    gate("quoted-paths", "every file that the docs quote exists", "correct or remove it", findBrokenPaths),
    gate(
      "release-age",
      "no package release younger than three days is taken in",
      "wait; pnpm-workspace.yaml says minimumReleaseAge",
      findReleaseAgeProblems,
    ),
    gate(
      "workflows",
      "workflows are pinned, bounded, have least permissions, and start scripts that exist",
      "see the message; CI runs actionlint and zizmor besides",
      findWorkflowProblems,
    ),
    gate("packages", "manifests follow one form, and their scripts exist", "see the message", findPackageProblems),
  ];
}

/** Every gate of the repository, in the order to start them. */
export function allGates(root: string): Gate[] {
  return [...toolGates(root), ...textGates(root)];
}
