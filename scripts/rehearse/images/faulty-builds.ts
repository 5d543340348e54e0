import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ServiceName } from "@topdog/contracts/services";

/** A build of a service with a bug that its tests would have to miss: one place of its compiled code is another. */
export interface FaultyBuild {
  /** Also the image's tag. */
  readonly tag: string;
  readonly service: ServiceName;
  /** Within the image's /app. */
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

const shipped = "await deps.publish(batch);\n                deps.onShipped(batch.events.length);";

const uploaded = "const uploadedMs = deps.monotonicMs();";

export const faultyBuilds = [
  {
    tag: "slow",
    service: "gateway",
    file: "dist/usecases/serve-call.js",
    right: uploaded,
    wrong: `${uploaded}\nawait new Promise((resolve) => setTimeout(resolve, 150));`,
  },
  {
    tag: "doubles-usage",
    service: "llm-router",
    file: "dist/store/spool/shipper.js",
    right: shipped,
    wrong: `${shipped}\n${shipped}`,
  },
  {
    tag: "silent",
    service: "llm-router",
    file: "node_modules/@topdog/service/dist/metrics-route.js",
    right: "await metrics.text()",
    wrong: '""',
  },
] as const satisfies readonly FaultyBuild[];
export type FaultyTag = (typeof faultyBuilds)[number]["tag"];

/** The layer that goes on top of the service's own. Throws when the code is no longer as the fault expects it. */
export function faultLayer({ file, right, wrong, tag }: FaultyBuild, deployed: string, folder: string): string {
  // A layer cannot reach through the links that packages are found by.
  const real = realpathSync(join(deployed, "app", file));
  const text = readFileSync(real, "utf8");
  if (text.split(right).length !== 2) throw new Error(`the faulty build ${tag}: ${file} does not have its text once`);
  const target = join(folder, relative(realpathSync(deployed), real));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text.replace(right, wrong));
  return folder;
}
