import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { commonFields } from "@topdog/config/fields";
import { configTable } from "@topdog/config/describe";
import { readConfig } from "@topdog/config/load";
import { Secret, secretOfLength } from "@topdog/config/secret";
import { z } from "zod";

const { DATABASE_URL, HTTP_HOST, HTTP_PORT, OTEL_EXPORTER_OTLP_ENDPOINT } = commonFields;
const OPERATOR_TOKEN = secretOfLength(32).describe("At least 32 characters");
const schema = z.object({
  HTTP_HOST,
  HTTP_PORT: HTTP_PORT.default(8085),
  DATABASE_URL,
  OPERATOR_TOKEN,
  OTEL_EXPORTER_OTLP_ENDPOINT,
});
const valid = {
  DATABASE_URL: "postgres://quota:hunter2@127.0.0.1/quota",
  OPERATOR_TOKEN: "rq8Zk1vN4xWc7TbY2mLd9sGh5pJf3eUa",
};

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the library in a process of its own, since it ends the process. */
function load(env: Record<string, string>, args: string[]): Promise<Exit> {
  const script = `
    import { loadConfig } from "@topdog/config/load";
    import { commonFields } from "@topdog/config/fields";
    import { secretOfLength } from "@topdog/config/secret";
    import { z } from "zod";
    const { DATABASE_URL, HTTP_PORT } = commonFields;
    const OPERATOR_TOKEN = secretOfLength(32);
    const schema = z.object({ HTTP_PORT: HTTP_PORT.default(8085), DATABASE_URL, OPERATOR_TOKEN });
    const config = loadConfig("sample", schema, { env: process.env, argv: process.argv });
    console.log(JSON.stringify({ ...config, frozen: Object.isFrozen(config) }));`;
  const nodeArgs = ["--conditions=@topdog/source", "--input-type=module", "-e", script, "--", ...args];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, nodeArgs, { env, cwd }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

describe("reading", () => {
  test("defaults apply, numbers are numbers, an empty variable counts as unset", () => {
    const result = readConfig(schema, { ...valid, HTTP_PORT: "", OTEL_EXPORTER_OTLP_ENDPOINT: "" });
    expect(result).toMatchObject({ ok: true, config: { HTTP_HOST: "127.0.0.1", HTTP_PORT: 8085 } });
    expect(readConfig(schema, { ...valid, HTTP_PORT: "9" })).toMatchObject({ ok: true, config: { HTTP_PORT: 9 } });
  });

  test("every problem is reported at once, by variable, without the value", () => {
    const result = readConfig(schema, { HTTP_PORT: "99999", OPERATOR_TOKEN: "hunter2" });
    expect(result.ok).toBe(false);
    const problems = result.ok ? [] : result.problems;
    expect(problems.map((line) => line.split(":")[0])).toEqual(["HTTP_PORT", "DATABASE_URL", "OPERATOR_TOKEN"]);
    expect(problems).toContain("DATABASE_URL: is required");
    expect(problems.join()).not.toContain("hunter2");
  });

  test("a secret never shows: not in JSON, templates, inspection or string concatenation", () => {
    const secret = Secret.of("hunter2");
    const shown = [
      JSON.stringify({ secret }),
      String(secret),
      `key=${String(secret)}`,
      inspect({ secret }, { depth: 9, showHidden: true }),
      secret + "",
    ];
    expect(shown.join()).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2");
  });

  test("the README table names every variable with its meaning and default", () => {
    const table = configTable(schema);
    expect(table).toContain("| `HTTP_PORT` | Port to listen on; 0 takes a free one | 8085 |");
    expect(table).toContain("| required |");
    expect(table).toContain("| unset |");
    expect(table.split("\n")).toHaveLength(7);
  });
});

describe("a process", () => {
  test("a valid configuration is frozen and its secrets print redacted", async () => {
    const exit = await load(valid, []);
    expect(JSON.parse(exit.stdout)).toEqual({
      HTTP_PORT: 8085,
      DATABASE_URL: "[redacted]",
      OPERATOR_TOKEN: "[redacted]",
      frozen: true,
    });
  });

  test("--check-config says ok and exits 0, or lists every problem and exits 1; a start exits 78", async () => {
    const [ok, bad, start] = await Promise.all([
      load(valid, ["--check-config"]),
      load({ HTTP_PORT: "no" }, ["--check-config"]),
      load({ HTTP_PORT: "no" }, []),
    ]);
    expect(ok).toEqual({ code: 0, stdout: "sample: config ok\n", stderr: "" });
    expect(bad.code).toBe(1);
    expect(bad.stderr.match(/HTTP_PORT|DATABASE_URL|OPERATOR_TOKEN/g)).toHaveLength(3);
    expect(start.code).toBe(78);
    expect(start.stdout).toBe("");
  });

  test("--help lists every variable and exits 0 even when the configuration is invalid", async () => {
    const exit = await load({}, ["--help"]);
    expect(exit.code).toBe(0);
    expect(exit.stdout).toMatch(/HTTP_PORT +Port to listen on; 0 takes a free one \[8085\]/);
    expect(exit.stdout).toMatch(/DATABASE_URL .*\[required\]/);
  });
});
