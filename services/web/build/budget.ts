import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { WrittenPage } from "./write-pages.ts";

/** For the scripts of one public page. */
const maxGzippedBytes = 150_000;

/** Throws when a public page loads more JavaScript than a phone should wait for. */
export function checkBudget(folder: string, pages: readonly WrittenPage[], say: (line: string) => void): void {
  const gzipped = (name: string): number => gzipSync(readFileSync(join(folder, name))).length;
  for (const { path, scripts } of pages) {
    const bytes = scripts.reduce((sum, script) => sum + gzipped(script), 0);
    say(`${path}: ${(bytes / 1000).toFixed(1)} kB of JavaScript, gzipped`);
    if (bytes > maxGzippedBytes)
      throw new Error(`${path} loads ${bytes} bytes of JavaScript: at most ${maxGzippedBytes}`);
  }
}
