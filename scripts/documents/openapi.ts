import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildOpenApi, type OpenApiDocument } from "@topdog/http-kit/openapi";
import type { Route } from "@topdog/http-kit/route";
import { llmApiPaths } from "./llm-api.ts";

const services = join(import.meta.dirname, "../../services");
/** What the gateway lets through to callers; everything else of a service is for its operators. */
const isPublic = ({ path, auth }: Route): boolean => /^\/(?:api|v1)\//.test(path) && auth !== "operator";

/** Routes are made from dependencies that only their handlers use: for a document, nothing needs to be behind them. */
const nothing: unknown = new Proxy(() => undefined, {
  get: () => nothing,
  apply: () => {
    throw new Error("a route used a dependency while it was being defined");
  },
});

interface RoutesModule {
  readonly createRoutes?: (deps: unknown) => readonly Route[];
}

/** The routes that a service mounts, by its `src/routes/routes.ts`; none for a service without that file. */
async function routesOf(service: string): Promise<readonly Route[]> {
  const file = join(services, service, "src/routes/routes.ts");
  if (!existsSync(file)) return [];
  const module = (await import(pathToFileURL(file).href)) as RoutesModule;
  if (module.createRoutes === undefined) throw new Error(`${file} must export createRoutes(deps)`);
  return module.createRoutes(nothing);
}

/** One document of what the outside sees, whichever service is behind it. */
export async function buildPublicOpenApi(): Promise<OpenApiDocument> {
  const names = readdirSync(services).toSorted();
  const routes = (await Promise.all(names.map(routesOf))).flat().filter(isPublic);
  const seen = new Set<string>();
  for (const { method, path } of routes) {
    if (seen.has(`${method} ${path}`)) throw new Error(`two services serve ${method} ${path}`);
    seen.add(`${method} ${path}`);
  }
  return buildOpenApi({
    title: "Top Dog",
    description: "The LLM API (OpenAI-compatible) and the account API. Generated from the routes that are mounted.",
    routes,
    extraPaths: llmApiPaths,
  });
}
