import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

const stackSchema = z.object({
  databases: z.object({ org_registry: z.string(), billing: z.string() }),
  natsUrl: z.string(),
  natsSeed: z.string(),
});

export type ConnectionName = "org_registry" | "billing" | "nats" | "nats_seed";

const variables = {
  org_registry: "DATABASE_URL_ORG_REGISTRY",
  billing: "DATABASE_URL_BILLING",
  nats: "NATS_URL",
  nats_seed: "NATS_NKEY_SEED",
} as const satisfies Record<ConnectionName, string>;

/** How to reach one part of the platform: the environment first, then the file that `npm start` wrote. */
export function findConnection(name: ConnectionName, stackFile: string): string {
  const given = process.env[variables[name]];
  if (given !== undefined && given !== "") return given;
  const stack = readStack(stackFile);
  if (stack === null) {
    throw new Error(`no running stack: ${stackFile} is missing. Run npm start first, or set ${variables[name]}.`);
  }
  if (name === "nats") return stack.natsUrl;
  return name === "nats_seed" ? stack.natsSeed : stack.databases[name];
}

function readStack(file: string): z.infer<typeof stackSchema> | null {
  let text: string;
  try {
    text = readFileSync(resolve(import.meta.dirname, "../..", file), "utf8");
  } catch {
    return null;
  }
  try {
    return stackSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${file} is not a stack file: stop the stack and start it again`);
  }
}
