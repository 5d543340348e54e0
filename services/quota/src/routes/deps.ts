import type { Database } from "@topdog/postgres/pool";
import type { Consistency } from "../usecases/measure-consistency.ts";

export interface RouteDeps {
  readonly db: Database;
  readonly measureConsistency: () => Promise<Consistency>;
}
