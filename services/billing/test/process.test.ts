import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { testNats } from "@topdog/testing/nats";
import { testDatabase } from "@topdog/testing/postgres";
import { migrations } from "./start-billing.ts";

const cwd = fileURLToPath(new URL("../", import.meta.url));
const main = ["--conditions=@topdog/source", "--import", "./src/instrumentation.ts", "src/main.ts"];

const run = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...main, ...args], { cwd, env }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : Number(failure.code), text: out + error });
    });
  });

describe("the billing process", () => {
  test("--check-config names every problem at once and never a value", async () => {
    const DATABASE_URL = "mysql://root:hunter2@db/x";
    const bad = await run(["--check-config"], { DATABASE_URL, PRINCIPAL_SECRET: "short", HTTP_PORT: "many" });
    expect(bad.code).toBe(1);
    for (const name of ["DATABASE_URL", "PRINCIPAL_SECRET", "HTTP_PORT"]) expect(bad.text).toContain(name);
    expect(bad.text).not.toContain("hunter2");
  });

  test("starts, says ready, and ends with 0 on SIGTERM", async () => {
    const [database, nats] = await Promise.all([testDatabase({ migrations }), testNats()]);
    const env = {
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      NATS_NKEY_SEED: nats.seedOf("billing"),
      HTTP_PORT: "0",
      PRINCIPAL_SECRET: "a test's secret of thirty-two characters",
    };
    const service = spawn(process.execPath, main, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const lines: string[] = [];
      for await (const chunk of service.stdout) {
        lines.push(String(chunk));
        if (lines.join("").includes('"msg":"ready"')) break;
      }
      service.kill("SIGTERM");
      expect(await once(service, "exit")).toEqual([0, null]);
      expect(lines.join("")).not.toContain(env.PRINCIPAL_SECRET);
    } finally {
      service.kill("SIGKILL");
      await nats.stop();
      await database.drop();
    }
  });
});
