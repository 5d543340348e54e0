import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { buildGoTool } from "./go-tool.ts";

const run = promisify(execFile);

/** promtool from PATH, whatever its version: the rules must be good for every Prometheus since 2.42. Else it is built. */
export async function resolvePromtool(log: (line: string) => void): Promise<string> {
  const installed = await run("promtool", ["--version"]).catch(() => null);
  if (installed !== null) return "promtool";
  const built = { name: "promtool", folder: "monitoring/promtool", tags: "remove_all_sd" };
  return buildGoTool({ ...built, package: "github.com/prometheus/prometheus/cmd/promtool" }, log);
}

/** Argo Rollouts' own evaluation of conditions, behind a few lines of ours. */
export const resolveConditions = (log: (line: string) => void): Promise<string> =>
  buildGoTool({ name: "argo-conditions", folder: "monitoring/argo", package: "." }, log);
