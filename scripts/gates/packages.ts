import { childFolders, type SourceFile } from "./source-tree.ts";

interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly type?: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const lifecycleScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish", "pretest", "posttest"];
const requiredRootScripts = ["start", "test", "bench", "generate"];

function manifestProblems(path: string, manifest: Manifest): string[] {
  const problems: string[] = [];
  if (manifest.private !== true) problems.push(`${path}: must be private`);
  if (manifest.type !== "module") problems.push(`${path}: must be "type": "module"`);
  for (const name of Object.keys(manifest.scripts ?? {})) {
    if (lifecycleScripts.includes(name))
      problems.push(`${path}: script "${name}" would run on install or around tests`);
  }
  const versions = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  for (const [name, version] of Object.entries(versions)) {
    const expected = name.startsWith("@topdog/") ? "workspace:*" : "catalog:";
    if (version !== expected) problems.push(`${path}: ${name} must be "${expected}"`);
  }
  return problems;
}

/** Manifests are alike: private ES modules, one version of everything, no script that runs unasked. */
export function findPackageProblems(files: readonly SourceFile[]): string[] {
  const folders = ["libs", "services"].flatMap((kind) => childFolders(files, kind).map((name) => ({ kind, name })));
  const paths = [
    "package.json",
    "proofs/package.json",
    "e2e/package.json",
    "bench/package.json",
    "monitoring/package.json",
    ...folders.map((f) => `${f.kind}/${f.name}/package.json`),
  ];
  const manifests = files
    .filter((file) => paths.includes(file.path))
    .map((file) => ({ path: file.path, manifest: JSON.parse(file.text) as Manifest }));
  const rootScripts = manifests.find(({ path }) => path === "package.json")?.manifest.scripts ?? {};
  const misnamed = manifests.filter(
    ({ path, manifest }) => path !== "package.json" && manifest.name !== `@topdog/${path.split("/").at(-2)}`,
  );
  return [
    ...manifests.flatMap(({ path, manifest }) => manifestProblems(path, manifest)),
    ...requiredRootScripts.filter((name) => !(name in rootScripts)).map((name) => `package.json: no script "${name}"`),
    ...misnamed.map(({ path }) => `${path}: its name must be @topdog/<folder>`),
    ...scriptTargets(files, rootScripts),
  ];
}

/** A script that starts a file of ours must start one that exists. */
function scriptTargets(files: readonly SourceFile[], scripts: Record<string, string>): string[] {
  return Object.entries(scripts).flatMap(([name, script]) => {
    const target = /\b((?:scripts|bench|e2e)\/[\w./-]+\.(?:mjs|ts))\b/.exec(script)?.[1];
    if (target === undefined || files.some((file) => file.path === target)) return [];
    return [`package.json: script "${name}" starts ${target}, which does not exist`];
  });
}
