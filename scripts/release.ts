import { serviceNames } from "@topdog/contracts/services";
import { Command, InvalidArgumentError, Option } from "commander";
import { awaitRelease } from "./release/await-release.ts";
import { makeBilledCall } from "./release/billed-call.ts";

const log = (line: string): void => console.log(line);
const maxSeconds = 86_400;

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxSeconds)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${maxSeconds}`);
  return seconds;
}

const program = new Command("release").description("What the workflows do with a release");

program
  .command("await")
  .description("wait for what becomes of a release; exit 0: promoted, 1: ended, 3: no evidence or not decided in time")
  .addOption(new Option("--service <name>").choices([...serviceNames]).makeOptionMandatory())
  .option("--namespace <name>", "where it runs", "topdog")
  .option("--timeout-seconds <n>", "how long", toSeconds, 3600)
  .action(
    async ({ service, namespace, timeoutSeconds }: { service: string; namespace: string; timeoutSeconds: number }) => {
      const timeoutMs = timeoutSeconds * 1000;
      const { verdict, message, seconds } = await awaitRelease({ service, namespace, timeoutMs }, log);
      log(`${service}: ${verdict.replace("_", " ")} after ${seconds} s (${message})`);
      process.exitCode = verdict === "promoted" ? 0 : verdict === "ended" ? 1 : 3;
    },
  );

program
  .command("billed-call")
  .description("make one call that is paid for, and find it in the ledger once; SMOKE_API_KEY is the key")
  .requiredOption("--base-url <url>", "of the platform")
  .requiredOption("--model <id>", "a cheap one")
  .action(async ({ baseUrl, model }: { baseUrl: string; model: string }) => {
    const apiKey = process.env["SMOKE_API_KEY"] ?? "";
    if (apiKey === "") throw new Error("SMOKE_API_KEY is not set");
    log(await makeBilledCall({ baseUrl, model, apiKey }));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
