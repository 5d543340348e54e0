import type { z } from "zod";
import { describeConfig } from "./describe.ts";
import { Secret } from "./secret.ts";
import { weaknessOf } from "./weak-secret.ts";

export interface ConfigInput {
  readonly env: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
}

export type ConfigResult<T> =
  | { readonly ok: true; readonly config: Readonly<T> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What sysexits.h calls EX_CONFIG. */
const exitInvalidConfig = 78;

/** Reads the variables that the schema names; an empty one counts as unset. Problems name variables, never values. */
export function readConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): ConfigResult<z.infer<S>> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name];
    if (value !== undefined && value !== "") given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) {
    const problem = databaseProblem(parsed.data);
    return problem === null ? { ok: true, config: Object.freeze(parsed.data) } : { ok: false, problems: [problem] };
  }
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? "configuration");
    const isMissing = name in schema.shape && given[name] === undefined;
    return `${name}: ${isMissing ? "is required" : issue.message}`;
  });
  return { ok: false, problems };
}

/** In production the name of a role must not be enough to enter Postgres. */
function databaseProblem(config: Readonly<Record<string, unknown>>): string | null {
  const { NODE_ENV: mode, DATABASE_URL: url } = config;
  if (mode !== "production" || !(url instanceof Secret)) return null;
  const { username, password } = new URL(url.reveal());
  if (password === "") return "DATABASE_URL: has no password, which production needs";
  return password === username || weaknessOf(password) !== null ? "DATABASE_URL: its password can be guessed" : null;
}

/**
 * The process's configuration, parsed once and frozen. `--help` and `--check-config` print and exit;
 * an invalid configuration prints every problem at once and exits 78.
 */
export function loadConfig<S extends z.ZodObject>(
  service: string,
  schema: S,
  input: ConfigInput,
): Readonly<z.infer<S>> {
  if (input.argv.includes("--help")) {
    process.stdout.write(describeConfig(service, schema));
    process.exit(0);
  }
  const isCheck = input.argv.includes("--check-config");
  const result = readConfig(schema, input.env);
  if (!result.ok) {
    process.stderr.write(`${service}: invalid configuration\n${result.problems.map((line) => `  ${line}\n`).join("")}`);
    process.exit(isCheck ? 1 : exitInvalidConfig);
  }
  if (isCheck) {
    process.stdout.write(`${service}: config ok\n`);
    process.exit(0);
  }
  return result.config;
}
