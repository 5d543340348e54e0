import type { Answer } from "./account-call.ts";

export interface Endpoint {
  readonly method: string;
  /** As OpenAPI writes it. */
  readonly path: string;
}

const methods = ["get", "post", "put", "patch", "delete"];

/** The endpoints of an OpenAPI document below some paths, in its order. */
export function endpointsUnder(document: string, prefixes: readonly string[]): Endpoint[] {
  const { paths } = JSON.parse(document) as { paths: Record<string, object> };
  return Object.entries(paths)
    .filter(([path]) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
    .flatMap(([path, item]) =>
      methods.filter((one) => one in item).map((one) => ({ method: one.toUpperCase(), path })),
    );
}

export const nameOf = ({ method, path }: Endpoint): string => `${method} ${path}`;

/** Its status, and why when it is a refusal. */
export const outcomeOf = ({ status, body }: Answer): string =>
  status < 400 ? String(status) : `${status} ${String(body["code"])}`;

/** What everybody got from an endpoint, as the lines of a table that is committed. */
export function linesOf(endpoint: Endpoint, got: readonly (readonly [who: string, outcome: string])[]): string[] {
  const whos = Map.groupBy(got, ([, outcome]) => outcome);
  return [
    nameOf(endpoint),
    ...[...whos].map(([outcome, all]) => `  ${outcome}: ${all.map(([who]) => who).join(", ")}`),
  ];
}

/** The lines of a committed table, without what explains it. */
export const linesIn = (table: string): string[] =>
  table
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("#"));
