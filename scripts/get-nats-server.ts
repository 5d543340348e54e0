import { join } from "node:path";
import { resolveNatsServer } from "@topdog/local-stack/nats-server";

const cacheDir = join(import.meta.dirname, "../.topdog/tools");

try {
  console.log(await resolveNatsServer({ cacheDir, log: console.log }));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
