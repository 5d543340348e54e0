import { type busFields, commonFields } from "@topdog/config/fields";
import { secretOfLength } from "@topdog/config/secret";
import { type ServiceName, services, type StandInName, standIns } from "@topdog/contracts/services";
import type { z } from "zod";

export { busFields } from "@topdog/config/fields";

export type ProcessName = ServiceName | StandInName;

/** What every process reads from its environment. */
export function processFields(name: ProcessName) {
  const facts = [...services, ...standIns].find((one) => one.name === name);
  if (facts === undefined) throw new Error(`${name} is not in the list of services`);
  return {
    HTTP_HOST: commonFields.HTTP_HOST,
    HTTP_PORT: commonFields.HTTP_PORT.default(facts.httpPort),
    OPS_HOST: commonFields.HTTP_HOST.describe("Address to listen on for operators: probes, metrics, service documents"),
    OPS_PORT: commonFields.HTTP_PORT.default(facts.opsPort).describe("Port for operators; 0 takes a free one"),
    LOG_LEVEL: commonFields.LOG_LEVEL,
    SHUTDOWN_GRACE_MS: commonFields.SHUTDOWN_GRACE_MS,
    OTEL_EXPORTER_OTLP_ENDPOINT: commonFields.OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_TRACES_SAMPLER_ARG: commonFields.OTEL_TRACES_SAMPLER_ARG,
  };
}

/** Beside `processFields`, of a service with a database. */
export const databaseFields = { DATABASE_URL: commonFields.DATABASE_URL, NODE_ENV: commonFields.NODE_ENV };

/** Beside `processFields`, of a service with routes for operators on its public port. */
export const operatorFields = {
  OPERATOR_TOKEN: secretOfLength(32)
    .optional()
    .describe("Opens operators' paths on the public port; at least 32 characters; unset: they are not there"),
};

export type ProcessShape = ReturnType<typeof processFields>;
export type ProcessConfig = z.infer<z.ZodObject<ProcessShape>>;
export type DatabaseConfig = z.infer<z.ZodObject<typeof databaseFields>>;
export type BusConfig = z.infer<z.ZodObject<typeof busFields>>;
export type OperatorConfig = z.infer<z.ZodObject<typeof operatorFields>>;
