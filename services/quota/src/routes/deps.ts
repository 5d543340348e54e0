import type { Database } from "@topdog/postgres/pool";
import type { FindStanding } from "../domain/place.ts";
import type { Consistency } from "../usecases/measure-consistency.ts";

export interface RouteDeps {
  readonly db: Database;
  readonly findStanding: FindStanding;
  readonly measureConsistency: () => Promise<Consistency>;
}
