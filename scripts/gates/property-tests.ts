import { isCode, isTest, type SourceFile } from "./source-tree.ts";

const list = /\bfc\.(array|uniqueArray|commands)\(/g;
const longestByDefault = 10;

/** The text of a call's arguments, from after its "(" to the ")" that ends it. */
function argumentsFrom(text: string, start: number): string {
  let depth = 1;
  for (let index = start; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    if (text[index] === ")") depth -= 1;
    if (depth === 0) return text.slice(start, index);
  }
  return text.slice(start);
}

/** Only what this call states itself: the arguments of calls inside it are left out. */
function ownArguments(text: string): string {
  let own = text;
  for (let before = ""; before !== own;) {
    before = own;
    own = own.replaceAll(/\([^()]*\)/g, "");
  }
  return own;
}

/**
 * fast-check makes lists of about ten elements however large `maxLength` is, unless their size is stated: a test that
 * means long histories and does not say so never sees one.
 */
export function findShortHistories(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file) && isTest(file) && !file.path.startsWith("scripts/gates/"))
    .flatMap(({ path, text }) =>
      [...text.matchAll(list)].flatMap((match) => {
        const stated = ownArguments(argumentsFrom(text, match.index + match[0].length));
        const longest = Number(/\bmaxLength:\s*(\d+)/.exec(stated)?.[1] ?? 0);
        const isLong = match[1] === "commands" || longest > longestByDefault;
        if (!isLong || /\bsize:\s*"max"/.test(stated)) return [];
        const line = text.slice(0, match.index).split("\n").length;
        return [`${path}:${line}: state size: "max", or lists stop at about ${longestByDefault} elements`];
      }),
    );
}
