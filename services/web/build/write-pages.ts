import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publicPages, type PublicPage } from "../src/domain/page-paths.ts";
import { pageHeads, shellHead } from "../src/copy/heads.ts";
import { documentOf } from "./document.ts";

/** One entry of Vite's manifest. */
export interface Chunk {
  readonly file: string;
  readonly src?: string;
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
  readonly imports?: readonly string[];
  readonly isEntry?: boolean;
}

export interface WrittenPage {
  readonly path: string;
  readonly file: string;
  /** What it loads before anybody does anything. */
  readonly scripts: readonly string[];
}

export const shellFile = "app.html";
export const notFoundFile = "404.html";
const entry = "src/client.tsx";
/** The two fonts that every first screen needs. */
const preloadedFont = /(?:schibsted-grotesk-latin-wght-normal|ibm-plex-mono-latin-400-normal)-[\w-]+\.woff2$/;

/** Writes the document of each public page, of the app and of what is not found. */
export async function writePages(
  folder: string,
  chunks: Readonly<Record<string, Chunk>>,
  render: (path: string) => Promise<string>,
): Promise<WrittenPage[]> {
  const early = writeEarlyScript(folder);
  const fonts = Object.values(chunks)
    .flatMap(({ file, assets = [] }) => [file, ...assets])
    .filter((file) => preloadedFont.test(file));
  const write = async (file: string, path: string, head: typeof shellHead, modules: readonly string[]) => {
    const { scripts, styles } = loadedBy(chunks, modules);
    const body = await render(path);
    const links = { early, scripts, styles, fonts: [...new Set(fonts)] };
    writeFileSync(join(folder, file), documentOf({ head, body, links }));
    return { path, file, scripts: [early, ...scripts] };
  };
  const pages: WrittenPage[] = [];
  for (const page of publicPages) pages.push(await write(fileOf(page), page.path, pageHeads[page.id], [page.module]));
  await write(shellFile, "/dashboard", shellHead, []);
  await write(notFoundFile, "/not-found", shellHead, []);
  return pages;
}

const fileOf = ({ id }: PublicPage): string => `${id}.html`;

/** The scripts and styles of the entry and of some pages, with all that they import, each once. */
function loadedBy(chunks: Readonly<Record<string, Chunk>>, modules: readonly string[]) {
  const seen = new Set<string>();
  const styles = new Set<string>();
  const visit = (key: string): void => {
    const chunk = chunks[key];
    if (chunk === undefined) throw new Error(`the build made no chunk of ${key}`);
    if (seen.has(chunk.file)) return;
    seen.add(chunk.file);
    for (const style of chunk.css ?? []) styles.add(style);
    for (const key of chunk.imports ?? []) visit(key);
  };
  for (const key of [entry, ...modules]) visit(key);
  return { scripts: [...seen], styles: [...styles] };
}

/** Sets the chosen theme before anything is painted: a file of its own, since nothing may be inline. */
function writeEarlyScript(folder: string): string {
  const source = readFileSync(join(import.meta.dirname, "../src/early.js"), "utf8");
  const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
  mkdirSync(join(folder, "assets"), { recursive: true });
  const name = `assets/early-${hash}.js`;
  writeFileSync(join(folder, name), source);
  return name;
}
