import { join } from "node:path";
import { pathToFileURL } from "node:url";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What any program needs to run. All other variables of ours may hold secrets: a child gets only those that it is given. */
const runtimeVariables = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "LC_ALL",
  "TZ",
  "NODE_COMPILE_CACHE",
  "NODE_DEBUG",
  "NODE_ENV",
  "NODE_EXTRA_CA_CERTS",
  "NODE_OPTIONS",
  "NODE_V8_COVERAGE",
];

/** The variables of `env` that have one of these names and are set. */
export const pickVariables = (env: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

export const runtimeEnvironment = (env: Environment): Record<string, string> => pickVariables(env, runtimeVariables);

/** The variables that the configuration of the built service in this folder names. */
export async function configVariables(folder: string): Promise<readonly string[]> {
  const built = (await import(pathToFileURL(join(folder, "dist/config.js")).href)) as {
    readonly configSchema: { readonly shape: object };
  };
  return Object.keys(built.configSchema.shape);
}
