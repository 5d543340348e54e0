import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { databaseOf } from "@topdog/contracts/services";
import { runtimeEnvironment } from "@topdog/local-stack/child-environment";
import type { Stack } from "@topdog/local-stack/stack";

const run = promisify(execFile);
const entry = join(import.meta.dirname, "../../../services/org-registry/dist/commands/make-operator.js");

/** Gives a person the admin role, as an operator's command does; their sessions end. */
export async function makeOperator(stack: Stack, email: string): Promise<void> {
  const database = databaseOf("org-registry");
  await run(process.execPath, [entry, email], {
    env: {
      ...runtimeEnvironment(process.env),
      DATABASE_URL: stack.postgres.url(database, database),
      AUDIT_KEYS: stack.auditKeys,
      NODE_OPTIONS: "",
    },
    timeout: 60_000,
  });
}
