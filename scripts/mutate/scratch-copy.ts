import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import type { Mutation } from "./mutation.ts";

export interface ScratchCopy {
  readonly folder: string;
  /** Makes one wrong change. Returns what takes it back, or null when the place to change is not there exactly once. */
  apply(mutation: Mutation): (() => void) | null;
  remove(): void;
}

const leftOut = new Set([".git", ".topdog", "dist", "coverage"]);

/** The repository's sources in a folder of their own: a mutant never stands where somebody works. */
export function makeScratchCopy(root: string): ScratchCopy {
  const folder = mkdtempSync(join(tmpdir(), "topdog-mutants-"));
  const isCopied = (path: string): boolean => {
    const parts = relative(root, path).split(sep);
    return parts[0] !== "node_modules" && !parts.some((part) => leftOut.has(part));
  };
  // Links between our own packages are relative: in the copy they lead to the copy's packages.
  cpSync(root, folder, { recursive: true, verbatimSymlinks: true, filter: isCopied });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, ".topdog"));
  // Where the tests' nats-server is.
  symlinkSync(join(root, ".topdog/tools"), join(folder, ".topdog/tools"));
  return {
    folder,
    apply: ({ file, from, to }) => {
      const path = join(folder, file);
      const text = readFileSync(path, "utf8");
      if (text.split(from).length !== 2) return null;
      writeFileSync(
        path,
        text.replace(from, () => to),
      );
      return () => writeFileSync(path, text);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
