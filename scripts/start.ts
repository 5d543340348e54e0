import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { providerKeyNames } from "@topdog/contracts/providers";
import { databaseOf, storingServices } from "@topdog/contracts/services";
import type { ManagedProcess } from "@topdog/local-stack/process";
import { createRestartBudget } from "@topdog/local-stack/restart-budget";
import { PortTakenError, type Stack, startStack } from "@topdog/local-stack/stack";
import { serveWebSources } from "./start-web.ts";
import { describeWatch, type WatchFlags, watchesWeb, watchOptions } from "./start-watch.ts";
import { printMails } from "./start-mails.ts";
import { welcome } from "./start-welcome.ts";

const root = join(import.meta.dirname, "..");
const portPrefix = "port-";
const restartsMax = 3;
/** A Ctrl-C reaches this process from the terminal and again from npm: two within this time count as one. */
const oneSignalMs = 300;
const modelListTimeoutMs = 5_000;
const logLevels = ["trace", "debug", "info", "warn", "error"];

type Flags = Record<string, string | boolean | undefined>;

const startedMs = Date.now();
const sinceStart = (): string => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;

function readFlags(): Flags {
  const options = JSON.parse(readFileSync(join(root, "scripts/start-options.json"), "utf8")) as ParseArgsOptionsConfig;
  return parseArgs({ options }).values as Flags;
}

function portsOf(flags: Flags): Record<string, number> {
  const named = Object.entries(flags).filter(([flag]) => flag.startsWith(portPrefix));
  return Object.fromEntries(
    named.map(([flag, text]) => {
      const port = Number(text);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new Error(`--${flag} ${String(text)}: not a port`);
      return [flag.slice(portPrefix.length), port];
    }),
  );
}

/** Another data folder is another platform: its logs are its own. */
const logDirOf = (dataDir: string): string =>
  dataDir === join(root, ".topdog/data") ? join(root, ".topdog/logs") : join(dataDir, "logs");

function logLevelOf(flags: Flags): string {
  const level = String(flags["log-level"]);
  if (!logLevels.includes(level)) throw new Error(`--log-level ${level}: one of ${logLevels.join(", ")}`);
  return level;
}

/** Resolves at the first request to stop; the second one calls `force`. */
function awaitStop(force: () => void): Promise<void> {
  let firstMs = 0;
  let forced = false;
  return new Promise((stop) => {
    const wish = (): void => {
      const nowMs = Date.now();
      if (firstMs === 0) {
        firstMs = nowMs;
        stop();
      } else if (!forced && nowMs - firstMs > oneSignalMs) {
        forced = true;
        force();
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, wish);
    // Closed when the process that ran us is gone, even by SIGKILL.
    process.once("disconnect", wish);
  });
}

function listModels(url: string, key: string): Promise<string[]> {
  return new Promise((done) => {
    const options = { headers: { authorization: `Bearer ${key}` }, timeout: modelListTimeoutMs };
    const request = get(`${url}/v1/models`, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        if (answer.statusCode !== 200) return done([]);
        const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { data: { id: string }[] };
        done(data.map((model) => model.id));
      });
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => done([]));
  });
}

const watchFlagsOf = (flags: Flags): WatchFlags => ({
  watch: flags["watch"] === true,
  service: String(flags["service"]),
  inspect: String(flags["inspect"]),
});

const dataDirOf = (flags: Flags): string => resolve(root, String(flags["data-dir"]));

/** How an operator command reaches what runs: beside the data that it is about. It holds passwords. */
const stackFileOf = (flags: Flags): string => join(dataDirOf(flags), "stack.json");

function writeStackFile(
  stackFile: string,
  { postgres, nats, operatorBusSeed, auditKeys, stripeVariables }: Stack,
): void {
  const names = storingServices.map(databaseOf);
  const databases = Object.fromEntries(names.map((name) => [name, postgres.url(name, name)]));
  rmSync(stackFile, { force: true });
  const stack = { databases, natsUrl: nats.url, natsSeed: operatorBusSeed, auditKeys, stripeVariables };
  writeFileSync(stackFile, JSON.stringify(stack), { mode: 0o600 });
}

/** A process that nothing starts again: without it this is no platform, and who supervises us must hear it. */
interface Loss {
  readonly name: string;
  readonly logFile: string;
}

async function bringUp(flags: Flags, onLost: (loss: Loss) => void): Promise<Stack> {
  const dataDir = dataDirOf(flags);
  return startStack({
    dataDir,
    logDir: logDirOf(dataDir),
    logLevel: logLevelOf(flags),
    ports: portsOf(flags),
    fresh: flags["fresh"] === true,
    ...watchOptions(watchFlagsOf(flags)),
    sandboxes: providerKeyNames.some((name) => (process.env[name] ?? "") !== "") ? 0 : 2,
    stripeTwin: (process.env["STRIPE_SECRET_KEY"] ?? "") === "",
    restartsMax,
    onProgress: (line) => console.log(`✓ ${line} (${sinceStart()})`),
    onUnexpectedExit(name, { code, signal }, logTail, willRestart) {
      console.error(`\n✗ ${name} ended (${signal ?? `exit code ${code}`}); the end of its log:\n${logTail}`);
      if (willRestart) console.error(`… starting ${name} again`);
      else onLost({ name, logFile: join(logDirOf(dataDir), `${name}.log`) });
    },
  });
}

async function main(): Promise<number> {
  let stack: Stack | undefined;
  let stopping = false;
  const wish = awaitStop(() => {
    console.log("stopping at once");
    // What is not killed here by name is ended by its guard, as soon as this process is gone.
    const ended = stack?.stop({ force: true }) ?? Promise.resolve();
    void ended.finally(() => process.exit(130));
  });
  const flags = readFlags();
  const stackFile = stackFileOf(flags);
  const lost = Promise.withResolvers<Loss>();
  const starting = bringUp(flags, lost.resolve);
  const outcome = await Promise.race([starting, wish.then(() => null)]);
  if (outcome === null) {
    console.log("\nstopping before everything was up");
    process.exit(130);
  }
  stack = outcome;
  writeStackFile(stackFile, stack);
  // Not asked where the answer is known.
  const sandboxed = stack.urls.sandboxes.length > 0;
  const models = sandboxed ? [] : await listModels(stack.urls.gateway[0] ?? "", stack.demo.userKey);
  console.log(welcome(stack, models, sinceStart()));
  console.log(describeWatch(watchFlagsOf(flags)));
  const web = await watchWeb(flags, stack);
  printMails(stack.mailDir);
  for (const name of ["postgres", "nats"] as const) {
    const loss = { name, logFile: join(logDirOf(dataDirOf(flags)), engineLogs[name]) };
    void keepRunning(name, stack[name], () => stopping).then(() => lost.resolve(loss));
  }
  const loss = await Promise.race([wish, lost.promise]);
  stopping = true;
  rmSync(stackFile, { force: true });
  console.log("\nstopping (Ctrl-C again to stop at once)");
  await web?.stop();
  await stack.stop();
  console.log("stopped");
  if (loss === undefined) return 0;
  console.error(`${loss.name} ended too often, so the platform was stopped; its log: ${loss.logFile}`);
  return 1;
}

/** Null where it is not wished for, or could not be started: the platform runs without it. */
async function watchWeb(flags: Flags, stack: Stack): Promise<ManagedProcess | null> {
  if (!watchesWeb(watchFlagsOf(flags))) return null;
  const port = portsOf(flags)["web"] ?? 0;
  try {
    const web = await serveWebSources(stack.urls.gateway[0] ?? "", port, join(logDirOf(dataDirOf(flags)), "web.log"));
    console.log(`The web app from its sources: http://127.0.0.1:${port} (what you change shows at once)`);
    return web;
  } catch (error) {
    console.error(`✗ the web app is not watched: ${(error as Error).message} (--port-web moves it)`);
    return null;
  }
}

const engineLogs = { postgres: "postgres.log", nats: "nats-server.log" } as const;

/** An engine, as a service, is started again a few times in a row; one that ends while it starts has ended, too. Resolves when it stays down. */
async function keepRunning(name: string, engine: Stack["postgres"] | Stack["nats"], isStopping: () => boolean) {
  const budget = createRestartBudget(restartsMax);
  for (;;) {
    await engine.exited();
    if (isStopping()) return;
    const willRestart = budget.spend();
    console.error(`\n✗ ${name} ended${willRestart ? ": starting it again" : ""}`);
    if (!willRestart) return;
    try {
      await engine.restart();
      budget.noteStart();
    } catch (error) {
      console.error((error as Error).message);
    }
  }
}

try {
  process.exit(await main());
} catch (error) {
  const taken = error instanceof PortTakenError;
  const advice = taken
    ? `; --${portPrefix}${error.processName} moves it (npm start -- --${portPrefix}${error.processName} <port>)`
    : "";
  console.error(`\n${(error as Error).message}${advice}`);
  process.exit(1);
}
