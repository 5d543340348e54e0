import { isTest, problemsByLine, type SourceFile } from "./source-tree.ts";

const read = /\bprocess\.env\b|\benv\b.*from "node:process"/;
const namedRead = /\bprocess\.env\["(\w+)"\]/g;
const computedRead = /\bprocess\.env\[(?!")/;

const isServiceConfig = (file: SourceFile): boolean => /^services\/[^/]+\/src\/config\.ts$/.test(file.path);
/** Run engines and tests on a developer's machine: they are no part of a deployment. */
const isMachinery = (file: SourceFile): boolean => /^libs\/(?:local-stack|testing)\//.test(file.path);

/** Files beside a service's config.ts that read the environment, and why each must. */
const libraryReaders: Readonly<Record<string, string>> = {
  "libs/http-kit/src/mount-routes.ts": "checks what handlers answer where NODE_ENV is test",
  "libs/messaging/src/apply-topology.ts": "is a process of its own, with a configuration of its own",
  "libs/service/src/run.ts": "loads the configuration of the service that it starts",
  "libs/telemetry/src/instrument.ts": "comes before everything else, the configuration too",
};
/** Files that read a variable whose name is only known at the start, and what bounds that name. */
const computedReaders: Readonly<Record<string, string>> = {
  "services/llm-router/src/config.ts": "apiKeyEnv of UPSTREAMS, which must end in _API_KEY",
};

/**
 * A service's config.ts is the one reader of its environment, so that `--check-config` tells everything; a library reads it
 * only where it is listed here; and every variable that either reads by name is in a schema.
 */
export function findEnvironmentReads(files: readonly SourceFile[]): string[] {
  const sources = files.filter(
    (file) => /^(?:services|libs)\/[^/]+\/src\//.test(file.path) && !isTest(file) && !isMachinery(file),
  );
  const outside = sources.filter((file) => !isServiceConfig(file));
  return [
    ...outside
      .filter(({ path }) => !(path in libraryReaders))
      .flatMap((file) => problemsByLine(file, read, "only config.ts reads it")),
    ...sources
      .filter(({ path }) => !(path in computedReaders))
      .flatMap((file) => problemsByLine(file, computedRead, "reads a variable whose name no schema knows")),
    ...findUnknownVariables(sources),
    ...findIdleExceptions(files, libraryReaders, read),
    ...findIdleExceptions(files, computedReaders, computedRead),
  ];
}

function findUnknownVariables(sources: readonly SourceFile[]): string[] {
  const schemas = sources.filter((file) => isServiceConfig(file) || /^libs\/[^/]+\/src\/fields\.ts$/.test(file.path));
  const isInSchema = (name: string): boolean => schemas.some(({ text }) => new RegExp(`^ +${name}:`, "m").test(text));
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(namedRead)]
      .map((match) => match[1] ?? "")
      .filter((name) => !isInSchema(name))
      .map((name) => `${path}: ${name} is in no schema, so nobody is told of it`),
  );
}

/** An exception that nothing needs any more hides the next one. */
function findIdleExceptions(
  files: readonly SourceFile[],
  exceptions: Readonly<Record<string, string>>,
  pattern: RegExp,
): string[] {
  const isNeeded = (path: string): boolean => files.some((file) => file.path === path && pattern.test(file.text));
  return Object.keys(exceptions)
    .filter(
      (path) => files.some((file) => file.path.startsWith(path.split("/").slice(0, 2).join("/"))) && !isNeeded(path),
    )
    .map((path) => `${path}: is listed in scripts/gates/environment.ts and reads nothing there any more`);
}
