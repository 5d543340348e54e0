import { open } from "node:fs/promises";
import { resolve } from "node:path";
import express, { Router, type Express } from "express";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
// Not the package itself: that would run the whole browser bundle at every start.
import swaggerUiFolder from "swagger-ui-dist/absolute-path.js";
import type { Site } from "../store/site.ts";
import { pagePolicy } from "./page-policy.ts";

const initializer = `window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/docs/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    layout: "BaseLayout",
  });
};
`;

/** The package's own page has its maker's name, and styles that our policy refuses. */
const referencePage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>API reference | Top Dog</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
  </head>
  <body>
    <nav class="swagger-ui"><p class="wrapper"><a class="link" href="/guide">Docs of Top Dog</a> · <a class="link" href="/docs/errors">Every error</a></p></nav>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/swagger-initializer.js"></script>
  </body>
</html>
`;

const errorPath = "/docs/errors";
const errorDocumentPath = "/docs/errors.md";

interface ShippedDocument {
  readonly path: string;
  readonly file: string;
  readonly contentType: string;
  readonly summary: string;
  readonly auth: "none" | "operator";
}

const shippedDocuments: readonly ShippedDocument[] = [
  {
    path: "/docs/openapi.json",
    file: "openapi.json",
    contentType: "application/json",
    summary: "The OpenAPI document of the public APIs",
    auth: "none",
  },
  {
    path: errorDocumentPath,
    file: "errors.md",
    contentType: "text/plain; charset=utf-8",
    summary: "Every error",
    auth: "none",
  },
  {
    path: "/docs/asyncapi.json",
    file: "asyncapi.json",
    contentType: "application/json",
    summary: "The AsyncAPI document of the services' messages on the bus",
    auth: "operator",
  },
];

/** The generated documents of the repository; 404 where they were not shipped. */
export const documentRoutes = (docsDir: string): Route[] =>
  shippedDocuments.map(({ path, file, contentType, summary, auth }) =>
    defineRoute({
      method: "get",
      path,
      summary,
      auth,
      responses: { 200: streamed(contentType, summary) },
      errors: ["not_found"],
      handler: async () => {
        const opened = await open(resolve(docsDir, file)).catch((error: unknown) => {
          throw new AppError("not_found", { cause: error });
        });
        return { status: 200 as const, stream: opened.createReadStream() };
      },
    }),
  );

/**
 * What a problem's `type` leads to: the site's page for who prefers HTML, and else the document. Before the routes, which serve both: the page as the
 * site's, the document under a name of its own.
 */
export function chooseErrorPage(app: Express, site: Site | null): void {
  app.get(errorPath, (req, res, next) => {
    res.vary("accept");
    // Of what is asked for alike, the first: programs ask for anything, agents for Markdown before HTML.
    const isPage = req.accepts(["text/plain", "text/markdown", "text/html"]) === "text/html";
    req.url = isPage && site?.files.has(errorPath) === true ? errorPath : errorDocumentPath;
    next();
  });
}

/** /docs: Swagger UI over the OpenAPI document. */
export function mountSwaggerUi(app: Express): void {
  const router = Router({ strict: true });
  router.get("/docs", (_req, res) => res.redirect(308, "/docs/"));
  router.get("/docs/swagger-initializer.js", (_req, res) => void res.type("text/javascript").send(initializer));
  router.get(
    "/docs/",
    (_req, res) => void res.set("content-security-policy", pagePolicy).type("html").send(referencePage),
  );
  router.use("/docs", express.static(swaggerUiFolder(), { index: false, redirect: false }));
  router.all(["/", "/docs", "/docs/", "/docs/*rest"], (req, _res, next) => {
    if (req.method === "GET" || req.method === "HEAD") return next();
    throw new AppError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
  });
  app.use(router);
}
