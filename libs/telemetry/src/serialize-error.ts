import { pino } from "pino";

/** Members of a Postgres error that hold values of rows or statements with their values. */
const rowValues = ["detail", "where", "internalQuery"];
const causesMax = 10;

/** An error as it is logged: with its whole chain of causes, and without what Postgres tells of a row's contents. */
export function serializeError(error: Error): pino.SerializedError {
  const serialized = pino.stdSerializers.errWithCause(error);
  let one: unknown = serialized;
  for (let depth = 0; depth < causesMax && typeof one === "object" && one !== null; depth += 1) {
    const members = one as Record<string, unknown>;
    if ("severity" in members && "routine" in members) for (const name of rowValues) delete members[name];
    one = members["cause"];
  }
  return serialized;
}
