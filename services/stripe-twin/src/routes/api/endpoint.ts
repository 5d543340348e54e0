import type { z } from "zod";
import type { State, Tx } from "../../domain/state.ts";

export interface Call<P> {
  readonly params: P;
  /** The `:id` of the path. */
  readonly id: string;
  readonly state: State;
}

export interface Endpoint {
  readonly method: "GET" | "POST" | "DELETE";
  /** Segments; `:id` stands for an id. */
  readonly path: string;
  readonly schema: z.ZodType;
  readonly handle: (tx: Tx, call: Call<never>) => object;
}

export const endpoint = <S extends z.ZodType>(
  method: Endpoint["method"],
  path: string,
  schema: S,
  handle: (tx: Tx, call: Call<z.output<S>>) => object,
): Endpoint => ({ method, path, schema, handle });

export interface Matched {
  readonly endpoint: Endpoint;
  readonly id: string;
}

/** Finds the endpoint of a path; exact segments go before `:id`. */
export function createMatcher(endpoints: readonly Endpoint[]): (method: string, path: string) => Matched | null {
  const byMethod = Map.groupBy(
    endpoints.map((one) => ({ endpoint: one, segments: one.path.split("/") })),
    (one) => one.endpoint.method,
  );
  return (method, path) => {
    const segments = path.split("/");
    const candidates = (byMethod.get(method as Endpoint["method"]) ?? []).filter(
      (one) =>
        one.segments.length === segments.length &&
        one.segments.every((segment, index) => segment === ":id" || segment === segments[index]),
    );
    const exact = candidates.toSorted(
      (a, b) => Number(a.endpoint.path.includes(":id")) - Number(b.endpoint.path.includes(":id")),
    );
    const found = exact[0];
    if (found === undefined) return null;
    return { endpoint: found.endpoint, id: segments[found.segments.indexOf(":id")] ?? "" };
  };
}
