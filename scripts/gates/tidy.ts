import { isCode, problemsByLine, type SourceFile } from "./source-tree.ts";

export const maxFileLines = 400;

/** Code stays short. A longer file needs its path, in backticks, in an ADR that says why. */
export function findLongFiles(files: readonly SourceFile[]): string[] {
  const decisions = files.filter((file) => file.path.startsWith("docs/adr/")).map((file) => file.text);
  return files
    .filter((file) => isCode(file) || file.path.endsWith(".sql"))
    .filter((file) => !file.path.endsWith("migrations/schema.sql"))
    .filter((file) => !decisions.some((text) => text.includes(`\`${file.path}\``)))
    .map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > maxFileLines)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${maxFileLines}`);
}

const emptyName = /^(?:utils?|helpers?|common|misc|manager|data|info)$/;

/** A file or folder named for what it is not ("the rest") collects everything. */
export function findEmptyNames(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => file.path.split("/").some((part) => emptyName.test(part.split(".")[0] ?? "")))
    .map((file) => `${file.path}: name it after what it does or holds`);
}

const bannedWords: readonly { pattern: RegExp; message: string }[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, message: "unfinished work is an issue, not a comment" },
  {
    pattern: /\b(?:npmjs|yarnpkg|golang|pypi|debian)\.(?:org|com)\b/,
    message: "a registry's host belongs to the machine's configuration",
  },
  {
    pattern: /(?<![\w.<{}$])\/(?:home|Users|root|work|workspace)\/[\w.-]+/,
    message: "an absolute path of somebody's machine",
  },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)|(?:ox|es)lint-disable/, message: "a silenced check: fix the cause" },
];

/** The gates name what they ban, so their own sources are left out. */
const namesTheBans = (file: SourceFile): boolean => file.path.startsWith("scripts/gates/");

export function findBannedWords(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !namesTheBans(file))
    .flatMap((file) => bannedWords.flatMap(({ pattern, message }) => problemsByLine(file, pattern, message)));
}
