import type { IncomingMessage } from "node:http";
import { AppError } from "@topdog/errors/app-error";
import type { Express, RequestHandler, Response } from "express";
import { canonicalTarget } from "../domain/canonical-host.ts";
import { pathOf } from "../domain/llm-paths.ts";
import type { Site, SiteFile } from "../store/site.ts";
import { pagePolicy } from "./page-policy.ts";

const yearSeconds = 31_536_000;
const permanently = 308;
/** What is not a page: an answer to a program there is JSON. */
const programPaths = /^\/(?:api|v1|docs|health|livez|readyz|metrics|consistency)(?:\/|$)/;

/** Sends old names of the site to its canonical host. Before every middleware, behind the hot routes. */
export function redirectToCanonicalHost(publicUrl: string): RequestHandler {
  return (req, res, next) => {
    const target = canonicalTarget(publicUrl, req.headers.host, req.url);
    if (target === null) return next();
    res.redirect(permanently, target);
  };
}

export interface SiteRoutesDeps {
  /** Null where no web app is deployed: the root tells programs where the APIs are. */
  readonly site: Site | null;
  readonly publicUrl: string;
  readonly googleToken: string | undefined;
  readonly bingUser: string | undefined;
}

/** The web app and what search engines ask for. Behind every other route. */
export function mountSite(app: Express, deps: SiteRoutesDeps): void {
  mountForSearchEngines(app, deps);
  const { site } = deps;
  if (site === null) {
    app.get("/", (_req, res) => void res.json({ name: "Top Dog", api: "/v1", docs: "/docs" }));
    return;
  }
  const canonical = new Set(site.publicPaths);
  app.use((req, res, next) => {
    const path = withoutSlash(pathOf(req.url));
    const file = site.files.get(path);
    const reads = req.method === "GET" || req.method === "HEAD";
    if (file !== undefined) {
      if (!reads) throw new AppError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
      if (canonical.has(path)) res.setHeader("link", `<${deps.publicUrl}${path}>; rel="canonical"`);
      sendFile(req, res, file, 200);
    } else if (reads && wantsPage(req) && !programPaths.test(path)) sendFile(req, res, site.notFound, 404);
    else next();
  });
}

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);
const wantsPage = (req: IncomingMessage): boolean => (req.headers.accept ?? "").includes("text/html");

function sendFile(req: IncomingMessage, res: Response, file: SiteFile, status: number): void {
  res.setHeader("content-type", file.contentType);
  res.setHeader("cache-control", file.immutable ? `public, max-age=${yearSeconds}, immutable` : "no-cache");
  res.setHeader("etag", file.etag);
  res.vary("accept-encoding");
  if (file.contentType.startsWith("text/html")) res.setHeader("content-security-policy", pagePolicy);
  if (status === 200 && req.headers["if-none-match"] === file.etag) {
    res.statusCode = 304;
    res.end();
    return;
  }
  const { encoding, body } = encodedFor(req, file);
  if (encoding !== null) res.setHeader("content-encoding", encoding);
  res.setHeader("content-length", body.length);
  res.statusCode = status;
  res.end(req.method === "HEAD" ? undefined : body);
}

interface EncodedBody {
  readonly encoding: string | null;
  readonly body: Buffer;
}

function encodedFor(req: IncomingMessage, { identity, br, gzip }: SiteFile): EncodedBody {
  const accepted = req.headers["accept-encoding"];
  const accepts = (name: string): boolean =>
    typeof accepted === "string" && new RegExp(`\\b${name}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted);
  if (br !== null && accepts("br")) return { encoding: "br", body: br };
  if (gzip !== null && accepts("gzip")) return { encoding: "gzip", body: gzip };
  return { encoding: null, body: identity };
}

function mountForSearchEngines(app: Express, { site, publicUrl, googleToken, bingUser }: SiteRoutesDeps): void {
  const text = (path: string, contentType: string, body: string): void => {
    app.get(path, (_req, res) => void res.type(contentType).set("cache-control", "public, max-age=3600").send(body));
  };
  const kept = ["/api/", "/v1/", "/docs/", ...(site === null ? ["/"] : [])];
  const pages = site?.publicPaths ?? [];
  // The longer rule counts (RFC 9309).
  const shown = pages.filter((path) => kept.some((one) => path.startsWith(one)));
  const rules = [
    "User-agent: *",
    ...kept.map((path) => `Disallow: ${path}`),
    ...shown.map((path) => `Allow: ${path}$`),
    `Sitemap: ${publicUrl}/sitemap.xml`,
  ];
  text("/robots.txt", "text/plain", `${rules.join("\n")}\n`);
  text("/sitemap.xml", "application/xml", sitemapOf(publicUrl, pages));
  if (googleToken !== undefined)
    text(`/google${googleToken}.html`, "text/html", `google-site-verification: google${googleToken}.html`);
  if (bingUser !== undefined)
    text("/BingSiteAuth.xml", "application/xml", `<?xml version="1.0"?>\n<users><user>${bingUser}</user></users>\n`);
}

function sitemapOf(publicUrl: string, paths: readonly string[]): string {
  const urls = paths.map((path) => `  <url><loc>${publicUrl}${path}</loc></url>\n`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.join("")}</urlset>\n`;
}
