import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StoringService, storingServices } from "@topdog/contracts/services";
import { runScript } from "./run-script.ts";
import type { StackPlan } from "./stack-plan.ts";

/** What the demo seed made: one user on Pro, and an org on Teams with an owner and a member. */
export interface Demo {
  readonly userKey: string;
  /** By which the demo's people sign in; absent in a cluster that an earlier version seeded. */
  readonly password?: string;
  readonly teamsOwnerKey: string;
  readonly teamsMemberKey: string;
  readonly userId: string;
  readonly orgId: string;
  readonly memberIds: readonly string[];
}

/** Where the engines are, and who we are to them. */
export type Engines = Pick<StackPlan, "root" | "natsUrl" | "databaseUrls" | "auditKeys"> & {
  readonly busSeeds: Pick<StackPlan["busSeeds"], "operator">;
};
type Databases = Pick<Engines, "root" | "databaseUrls" | "auditKeys">;

/** Makes the streams and durables that are not there. */
async function applyStreams(plan: Engines): Promise<void> {
  await runScript({
    name: "the stream declarations",
    entry: "dist/apply-topology.js",
    cwd: join(plan.root, "libs/messaging"),
    env: { NATS_URL: plan.natsUrl, NATS_NKEY_SEED: plan.busSeeds.operator, LOG_LEVEL: "warn" },
  });
}

/** Brings every database, as its owner, and the bus to the shape that the code expects. */
export async function migrateAll(plan: Engines, ownerUrls: StackPlan["databaseUrls"]): Promise<void> {
  await Promise.all([
    applyStreams(plan),
    ...storingServices.map((name) => runCommand(plan, name, "migrate", [], ownerUrls[name])),
  ]);
}

/**
 * Seeds once per cluster: plans and keys that were changed since must survive a restart. `keyFile` holds the keys in
 * clear, for this machine's user alone, while seeding; `doneFile`, kept beside the cluster, says what came of it.
 */
export async function seedDemo(plan: Databases, keyFile: string, doneFile: string): Promise<Demo> {
  if (existsSync(doneFile)) return JSON.parse(readFileSync(doneFile, "utf8")) as Demo;
  const printed = await runCommand(plan, "org-registry", "seed-demo", ["--state-file", keyFile]);
  const demo = JSON.parse(printed.trim().split("\n").at(-1) ?? "") as Demo;
  await Promise.all([
    runCommand(plan, "billing", "set-plan", ["--owner", `user:${demo.userId}`, "--plan", "pro"]),
    runCommand(plan, "billing", "set-plan", ["--owner", `org:${demo.orgId}`, "--plan", "teams", "--seats", "3"]),
  ]);
  writeFileSync(`${doneFile}.new`, JSON.stringify(demo), { mode: 0o600 });
  renameSync(`${doneFile}.new`, doneFile);
  return demo;
}

function runCommand(
  plan: Databases,
  service: StoringService,
  command: string,
  args: readonly string[],
  databaseUrl = plan.databaseUrls[service],
): Promise<string> {
  return runScript({
    name: `${service} ${command}`,
    entry: `dist/commands/${command}.js`,
    args,
    cwd: join(plan.root, "services", service),
    env: { DATABASE_URL: databaseUrl, AUDIT_KEYS: plan.auditKeys },
  });
}
