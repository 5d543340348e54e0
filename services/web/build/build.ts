import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { checkBudget } from "./budget.ts";
import { compressFolder } from "./compress.ts";
import { describeSite } from "./describe-site.ts";
import { hashSources } from "./hash-sources.ts";
import { type Chunk, writePages } from "./write-pages.ts";

/** Where the prerendering bundle says how a public page looks. */
interface PrerenderModule {
  readonly renderPage: (path: string) => Promise<string>;
}

const folder = join(import.meta.dirname, "..");
const site = join(folder, "dist/site");
const partial = join(folder, "dist/partial");
const rendering = join(folder, "dist/prerender");
const stampFile = join(folder, "dist/site.stamp");

/** Builds into a folder beside the site and moves it there at the end: whoever serves the site never sees half of one. */
async function main(): Promise<void> {
  const stamp = hashSources(folder);
  const isFresh = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && existsSync(site);
  if (isFresh && !process.argv.includes("--force")) {
    console.log("the web app is up to date");
    return;
  }
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await buildClient();
  await buildPrerender();
  const chunks = readManifest();
  const module = (await import(pathToFileURL(join(rendering, "prerender.js")).href)) as PrerenderModule;
  const pages = await writePages(partial, chunks, module.renderPage);
  checkBudget(partial, pages, (line) => console.log(line));
  describeSite(partial, pages);
  compressFolder(partial);
  rmSync(site, { recursive: true, force: true });
  renameSync(partial, site);
  writeFileSync(stampFile, stamp);
}

const shared = { root: folder, configFile: join(folder, "vite.config.ts"), logLevel: "warn" } as const;

async function buildClient(): Promise<void> {
  await build({
    ...shared,
    build: {
      outDir: partial,
      emptyOutDir: false,
      manifest: "manifest.json",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { client: join(folder, "src/client.tsx") } },
    },
  });
}

async function buildPrerender(): Promise<void> {
  await build({
    ...shared,
    publicDir: false,
    build: {
      ssr: join(folder, "src/prerender.tsx"),
      outDir: rendering,
      emptyOutDir: true,
      rollupOptions: { output: { entryFileNames: "prerender.js" } },
    },
  });
}

/** Vite's own list of what it wrote; no part of the site. */
function readManifest(): Record<string, Chunk> {
  const file = join(partial, "manifest.json");
  const chunks = JSON.parse(readFileSync(file, "utf8")) as Record<string, Chunk>;
  rmSync(file);
  return chunks;
}

await main();
