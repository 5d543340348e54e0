import type { ServiceName } from "@topdog/contracts/services";
import { z } from "zod";
import { objectives } from "../../monitoring/slo/all.ts";
import { secretPlace } from "./secret-names.ts";
import { readConfigSchema, type ServiceFacts } from "./service-facts.ts";

type JsonSchema = Record<string, unknown>;

const text: JsonSchema = { type: "string" };
const flag: JsonSchema = { type: "boolean" };
const whole = (minimum: number, maximum: number): JsonSchema => ({ type: "integer", minimum, maximum });
const oneOf = (...values: string[]): JsonSchema => ({ type: "string", enum: values });
const exactly = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: "object",
  additionalProperties: false,
  properties,
});
const freely: JsonSchema = { type: "object" };
const peers: JsonSchema = { type: "array", items: freely };
const seconds = whole(0, 86_400);

/** What the chart sets itself, from where the release runs. */
const setByTheChart = new Set([
  "HTTP_HOST",
  "HTTP_PORT",
  "OPS_HOST",
  "OPS_PORT",
  "LINK_HOST",
  "LINK_PORT",
  "SPOOL_DIR",
  "SPOOL_MAX_BYTES",
  "ROUTER_ID",
  "NODE_ENV",
  "SHUTDOWN_GRACE_MS",
]);

/** Values that all charts of a release share. */
export const globalSchema = exactly({
  mode: oneOf("production", "evaluation"),
  imageRegistry: text,
  imageTag: text,
  imagePullSecrets: peers,
  publicUrl: text,
  natsUrl: text,
  natsMonitoring: text,
  bundledEngines: flag,
  monitoringFrom: peers,
  busTo: peers,
  databaseTo: peers,
});

const deliverySchema = (service: ServiceName): JsonSchema =>
  exactly({
    engine: oneOf("auto", "argo", "none"),
    strategy: oneOf("rolling", "canary", "blueGreen"),
    weights: { type: "array", minItems: 1, maxItems: 10, items: whole(1, 99) },
    httpRoute: text,
    gates: oneOf("production", "rehearsal", "none"),
    prometheus: { type: "string", pattern: "^https?://" },
    pauseSeconds: seconds,
    minReadySeconds: seconds,
    standBySeconds: seconds,
    progressDeadlineSeconds: whole(10, 86_400),
    undoGuard: flag,
    ...(hasAnswerGates(service) ? { evaluators: flag } : {}),
  });

const hasAnswerGates = (service: ServiceName): boolean =>
  objectives.some(
    (own) => own.service === service && own.gates.some(({ needsEvaluators }) => needsEvaluators === true),
  );

const autoscalingSchema = exactly({
  enabled: flag,
  engine: oneOf("hpa", "keda"),
  min: whole(1, 1000),
  max: whole(1, 1000),
  cpuPercent: whole(1, 100),
  lag: whole(1, 1_000_000),
});

export const imageSchema = exactly({
  repository: text,
  tag: text,
  digest: { type: "string", pattern: "^(?:sha256:[0-9a-f]{64})?$" },
  pullPolicy: oneOf("Always", "IfNotPresent", "Never"),
});

/** A release's own settings of a service are the variables of its configuration, but for secrets and what the chart knows. */
export async function buildValuesSchema(facts: ServiceFacts): Promise<JsonSchema> {
  const spool = exactly({ storageClass: text, size: text, maxBytes: whole(1_048_576, 68_719_476_736) });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Values of ${facts.service}`,
    ...exactly({
      global: globalSchema,
      // Helm itself hands these to a chart that an umbrella includes.
      enabled: flag,
      "topdog-common": freely,
      image: imageSchema,
      release: { type: ["string", "integer"] },
      replicas: whole(1, 1000),
      config: await configSchemaOf(facts.service),
      secretNames: exactly(Object.fromEntries(secretNamesOf(facts).map((name) => [name, text]))),
      delivery: deliverySchema(facts.service),
      autoscaling: autoscalingSchema,
      resources: freely,
      podAnnotations: { type: "object", additionalProperties: text },
      shutdownGraceSeconds: whole(0, 600),
      drainSeconds: whole(0, 600),
      networkPolicy: exactly({ enabled: flag, publicFrom: peers, egress: peers }),
      ...(facts.spool ? { spool } : {}),
      ...(facts.router === null ? {} : { routerGroups: exactly({ enabled: flag, canaryPercent: whole(1, 99) }) }),
    }),
  };
}

const secretNamesOf = ({ secrets, secretFolders, stores, service }: ServiceFacts): string[] => [
  ...secrets.map(({ name }) => name),
  ...secretFolders.map(({ name }) => name),
  ...(stores ? [`${service}-migration`] : []),
];

async function configSchemaOf(service: ServiceName): Promise<JsonSchema> {
  const { shape } = await readConfigSchema(service);
  const names = Object.keys(shape).filter((name) => secretPlace(service, name) === null && !setByTheChart.has(name));
  return exactly(Object.fromEntries(names.map((name) => [name, variableSchema(shape[name] as z.ZodType)])));
}

/** A number keeps its bounds, a choice its members; any other text is judged by the service itself, at its start. */
function variableSchema(field: z.ZodType): JsonSchema {
  const {
    type,
    enum: members,
    minimum,
    maximum,
  } = z.toJSONSchema(field, {
    io: "output",
    unrepresentable: "any",
    target: "draft-7",
  }) as JsonSchema;
  const description = field.description ?? "";
  if (Array.isArray(members)) return { type: "string", enum: members, description };
  if (type === "integer" || type === "number") return { type, minimum, maximum, description };
  if (type === "boolean") return { type, description };
  return { type: "string", description };
}
