import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a build of the web app says about itself: `services/web/build/describe-site.ts` writes it. */
const manifestSchema = z.object({
  /** By path; the search engines may know them. */
  pages: z.record(z.string(), z.string()),
  /** Paths that the app draws in the browser, and the document that starts it. */
  app: z.object({ paths: z.array(z.string()), file: z.string() }),
  notFound: z.string(),
});

export interface SiteFile {
  readonly contentType: string;
  readonly etag: string;
  /** Its name changes with its content. */
  readonly immutable: boolean;
  readonly identity: Buffer;
  readonly br: Buffer | null;
  readonly gzip: Buffer | null;
}

export interface Site {
  /** By path, as `/pricing` or `/assets/app-1f2e.js`. */
  readonly files: ReadonlyMap<string, SiteFile>;
  readonly publicPaths: readonly string[];
  readonly notFound: SiteFile;
}

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
  webmanifest: "application/manifest+json",
  txt: "text/plain; charset=utf-8",
};
const assetFolder = "assets/";
const etagLength = 22;

/** Reads a whole build into memory: serving it touches no disk. Throws when the build is not complete. */
export function loadSite(folder: string): Site {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "site.json"), "utf8")));
  const names = new Set(
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/")),
  );
  const files = new Map<string, SiteFile>();
  const read = (name: string): SiteFile => readSiteFile(folder, name, names);
  for (const name of names) {
    const isServed = extensionOf(name) in contentTypes && !name.endsWith(".html");
    if (isServed) files.set(`/${name}`, read(name));
  }
  for (const [path, name] of Object.entries(manifest.pages)) files.set(path, read(name));
  const shell = read(manifest.app.file);
  for (const path of manifest.app.paths) files.set(path, shell);
  return { files, publicPaths: Object.keys(manifest.pages), notFound: read(manifest.notFound) };
}

const extensionOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

function readSiteFile(folder: string, name: string, names: ReadonlySet<string>): SiteFile {
  const encoded = (suffix: string): Buffer | null =>
    names.has(`${name}.${suffix}`) ? readFileSync(join(folder, `${name}.${suffix}`)) : null;
  const identity = readFileSync(join(folder, name));
  return {
    contentType: contentTypes[extensionOf(name)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(identity).digest("base64url").slice(0, etagLength)}"`,
    immutable: name.startsWith(assetFolder),
    identity,
    br: encoded("br"),
    gzip: encoded("gz"),
  };
}
