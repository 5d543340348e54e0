import { resolve } from "node:path";
import express, { Router, type Express, type RequestHandler } from "express";
import { AppError } from "@topdog/errors/app-error";
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

/** A generated document of the repository; 404 where it was not shipped. */
function document(path: string, type: string): RequestHandler {
  return (_req, res, next) => {
    res.type(type);
    res.sendFile(path, { dotfiles: "allow", cacheControl: false }, (error) => {
      if (error && !res.headersSent) {
        res.removeHeader("content-type");
        next(new AppError("not_found", { cause: error }));
      }
    });
  };
}

/** /docs: Swagger UI over the OpenAPI document, the AsyncAPI document, and the list of errors. */
export function mountDocsRoutes(app: Express, docsDir: string): void {
  const router = Router({ strict: true });
  router.get("/docs", (_req, res) => res.redirect(308, "/docs/"));
  router.get("/docs/swagger-initializer.js", (_req, res) => void res.type("text/javascript").send(initializer));
  router.get("/docs/openapi.json", document(resolve(docsDir, "openapi.json"), "application/json"));
  router.get("/docs/asyncapi.json", document(resolve(docsDir, "asyncapi.json"), "application/json"));
  router.get("/docs/errors", document(resolve(docsDir, "errors.md"), "text/plain; charset=utf-8"));
  router.use("/docs", express.static(swaggerUiFolder(), { index: "index.html", redirect: false }));
  router.all(["/", "/docs", "/docs/", "/docs/*rest"], (req, _res, next) => {
    if (req.method === "GET" || req.method === "HEAD") return next();
    throw new AppError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
  });
  app.use(router);
  app.get("/", (_req, res) => void res.json({ name: "Top Dog", api: "/v1", docs: "/docs" }));
}
