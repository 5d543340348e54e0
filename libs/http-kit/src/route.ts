import type { z } from "zod";
import type { RawBody } from "./raw-body.ts";
import type { ResponseSchemas, Route, RouteAuth, RouteDefinition, RouteReply } from "./route-types.ts";

export { mountRoutes } from "./mount-routes.ts";
export type { Route } from "./route-types.ts";

/** One object is the route, its validation and its place in the OpenAPI document. Unknown keys of an input are refused. */
export function defineRoute<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | RawBody | undefined,
  const R extends ResponseSchemas,
  const A extends RouteAuth,
  // Inferred on its own: a handler's literals would lose their types before `responses` is known.
  const T extends RouteReply<R>,
>(definition: RouteDefinition<P, Q, B, R, A, T>): Route {
  return Object.freeze(definition) as unknown as Route;
}
