import { migrate } from "@topdog/postgres/migrate";
import { runCommand } from "./run-command.ts";

await runCommand(async ({ db }) => {
  const applied = await migrate(db, new URL("../../migrations/", import.meta.url));
  console.log(applied.length === 0 ? "billing: up to date" : `billing: applied ${applied.join(", ")}`);
});
