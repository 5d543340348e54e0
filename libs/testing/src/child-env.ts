import { pickVariables } from "@topdog/local-stack/child-environment";

/**
 * For a process that a test starts: what it needs to be found, and where compiled code is kept, since most of the second that a process takes to start from
 * the sources is compiling. Nothing else of the test's own environment.
 */
export const childEnv = (): Record<string, string> => pickVariables(process.env, ["PATH", "NODE_COMPILE_CACHE"]);
