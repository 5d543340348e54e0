import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import type { ServiceName } from "@topdog/contracts/services";
import { childEnv } from "./child-env.ts";
import { type TestNats, testNats } from "./nats.ts";
import { busEnv } from "./service.ts";
import { type TestDatabase, testDatabase } from "./postgres.ts";

export interface ServiceProcessSuite {
  readonly name: ServiceName;
  /** The service's folder. */
  readonly folder: URL;
  /** Beside the addresses of a database and a bus, all that its configuration requires. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables with a wrong value: each must be named, and no value shown. */
  readonly wrongEnv: Readonly<Record<string, string>>;
}

const main = ["--conditions=@topdog/source", "--import", "./src/instrumentation.ts", "src/main.ts"];

/** What every service's process must do: refuse a wrong configuration, become ready, end on SIGTERM. */
export function describeServiceProcess({ name, folder, env, wrongEnv }: ServiceProcessSuite): void {
  const cwd = fileURLToPath(folder);

  const run = (args: readonly string[], given: NodeJS.ProcessEnv): Promise<{ code: number; text: string }> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [...main, ...args],
        { cwd, env: { ...childEnv(), ...given } },
        (failure, out, error) => {
          resolve({ code: failure === null ? 0 : Number(failure.code), text: out + error });
        },
      );
    });

  describe(`the ${name} process`, () => {
    test("--check-config names every problem at once and never a value", async () => {
      const bad = await run(["--check-config"], wrongEnv);
      expect(bad.code).toBe(1);
      for (const [variable, value] of Object.entries(wrongEnv)) {
        expect(bad.text).toContain(variable);
        expect(bad.text).not.toContain(value);
      }
    });

    test("starts, says ready, and ends with 0 on SIGTERM, without a secret in its log", async () => {
      const [database, nats] = await surroundings(folder);
      const given = {
        ...childEnv(),
        HTTP_PORT: "0",
        OPS_PORT: "0",
        DATABASE_URL: database.url,
        ...busEnv(nats, name),
        ...env,
      };
      const service = spawn(process.execPath, main, { cwd, env: given, stdio: ["ignore", "pipe", "inherit"] });
      let log = "";
      service.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
      try {
        while (!log.includes('"msg":"ready"')) await once(service.stdout, "data");
        service.kill("SIGTERM");
        expect(await once(service, "exit")).toEqual([0, null]);
        for (const value of Object.values(env)) expect(log).not.toContain(value);
      } finally {
        service.kill("SIGKILL");
        await nats.stop();
        await database.drop();
      }
    });
  });
}

const surroundings = (folder: URL): Promise<[TestDatabase, TestNats]> =>
  Promise.all([testDatabase({ migrations: new URL("migrations/", folder) }), testNats()]);
