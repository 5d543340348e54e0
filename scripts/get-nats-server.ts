import { resolveNatsServer } from "@topdog/local-stack/nats-binary";

try {
  console.log(await resolveNatsServer({ log: console.log }));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
