import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const source = join(import.meta.dirname, "..");
const rooms = ["api", "pages", "ui"];
/** Between two tags, and not code: a word of three letters or more. */
const textBetweenTags = /(?<!=)>\s*[^<>{}()=;&]*[A-Za-z]{3,}[^<>{}()=;&]*[<{]/g;
/** A sentence, or the beginning of one, in quotes. */
const quotedSentence = /["`][A-Z][a-z]+ [a-z]+[^"`]*["`]/g;

const filesOf = (room: string): string[] =>
  readdirSync(join(source, room), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.(?:test|d)\.ts$/.test(name))
    .map((name) => join(room, name));

test("what people read stands in src/copy, and nowhere else", () => {
  const found = rooms.flatMap(filesOf).flatMap((file) => {
    const text = readFileSync(join(source, file), "utf8").replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const inTags = file.endsWith(".tsx") ? (text.match(textBetweenTags) ?? []) : [];
    return [...inTags, ...(text.match(quotedSentence) ?? [])].map((words) => `${file}: ${words.trim()}`);
  });
  expect(found).toEqual([]);
});
