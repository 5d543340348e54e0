import { open } from "node:fs/promises";
import { resolve } from "node:path";
import express, { Router, type Express } from "express";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
// Not the package itself: that would run the whole browser bundle at every start.
import swaggerUiFolder from "swagger-ui-dist/absolute-path.js";

const initializer = `window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/docs/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
};
`;

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
    path: "/docs/errors",
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

/** /docs: Swagger UI over the OpenAPI document. */
export function mountSwaggerUi(app: Express): void {
  const router = Router({ strict: true });
  router.get("/docs", (_req, res) => res.redirect(308, "/docs/"));
  router.get("/docs/swagger-initializer.js", (_req, res) => void res.type("text/javascript").send(initializer));
  router.use("/docs", express.static(swaggerUiFolder(), { index: "index.html", redirect: false }));
  router.all(["/", "/docs", "/docs/", "/docs/*rest"], (req, _res, next) => {
    if (req.method === "GET" || req.method === "HEAD") return next();
    throw new AppError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
  });
  app.use(router);
}
