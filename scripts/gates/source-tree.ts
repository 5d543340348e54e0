import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const ignoredFolders = new Set([".git", ".topdog", "coverage", "dist", "node_modules"]);
const textFile = /\.(?:tsx?|mts|cts|mjs|cjs|js|json|md|sql|ya?ml|sh|html|css)$|(?:^|\/)\.?[A-Za-z]+rc$|^\.ci\//;

function walk(root: string, folder: string, found: string[]): string[] {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !ignoredFolders.has(entry.name)) walk(root, path, found);
    else if (entry.isFile() && textFile.test(path)) found.push(path);
  }
  return found;
}

/** Every text file that people write, sorted by path. The lockfile is a machine's. */
export function readSourceTree(root: string): SourceFile[] {
  return walk(root, "", [])
    .filter((path) => path !== "pnpm-lock.yaml" && !path.endsWith(".log"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

export const isCode = (file: SourceFile): boolean => /\.(?:[cm]?[jt]s|tsx)$/.test(file.path);
export const isTest = (file: SourceFile): boolean =>
  /\.test\.ts$|\/test\/|^(?:e2e|proofs)\/|^libs\/testing\//.test(file.path);

/** The names of the folders right under one: `childFolders(files, "services")` → `["billing", …]`. */
export function childFolders(files: readonly SourceFile[], folder: string): string[] {
  const names = files.filter((file) => file.path.startsWith(`${folder}/`)).map((file) => file.path.split("/")[1] ?? "");
  return [...new Set(names)].filter((name) => files.some((file) => file.path === `${folder}/${name}/package.json`));
}

/** `path:line: message` for each line that matches. */
export function problemsByLine(file: SourceFile, pattern: RegExp, message: string): string[] {
  return file.text
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${message}`] : []));
}
