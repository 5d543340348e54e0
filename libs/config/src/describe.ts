import { z } from "zod";

export interface ConfigVariable {
  readonly name: string;
  readonly meaning: string;
  /** What is used when the variable is unset: a value, "required", or "unset". */
  readonly fallback: string;
}

type Meaning = Pick<ConfigVariable, "meaning" | "fallback">;

/** Walks from the outermost wrapper inwards: the first description and the first default win. */
function readField(field: unknown): Meaning {
  let meaning = "";
  let fallback = "required";
  let current = field;
  while (current instanceof z.ZodType) {
    meaning ||= current.description ?? "";
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault) {
      if (fallback === "required") fallback = String(current.def.defaultValue);
      current = current.def.innerType;
    } else if (current instanceof z.ZodOptional || current instanceof z.ZodNullable) {
      if (fallback === "required") fallback = "unset";
      current = current.def.innerType;
    } else if (current instanceof z.ZodPipe) {
      current = current.def.in;
    } else if (current instanceof z.ZodReadonly) {
      current = current.def.innerType;
    } else {
      break;
    }
  }
  return { meaning, fallback };
}

export function configVariables(schema: z.ZodObject): readonly ConfigVariable[] {
  return Object.entries(schema.shape).map(([name, field]) => ({ name, ...readField(field) }));
}

/** The text of `--help`. */
export function describeConfig(service: string, schema: z.ZodObject): string {
  const variables = configVariables(schema);
  const nameWidth = Math.max(...variables.map((one) => one.name.length));
  const lines = variables.map((one) => `  ${one.name.padEnd(nameWidth)}  ${one.meaning} [${one.fallback}]`);
  return [`${service}: configured by environment variables. Arguments: --check-config, --help.`, "", ...lines, ""].join(
    "\n",
  );
}

/** The table of a service's README: a test of the service compares the two. */
export function configTable(schema: z.ZodObject): string {
  const rows = configVariables(schema).map((one) => `| \`${one.name}\` | ${one.meaning} | ${one.fallback} |`);
  return ["| variable | meaning | default |", "|---|---|---|", ...rows].join("\n");
}
