import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { providerKeyNames } from "@topdog/contracts/providers";
import { serviceNames, stripeTwin } from "@topdog/contracts/services";
import { freePort } from "@topdog/local-stack/free-port";
import { childrenOf, commandLineOf } from "@topdog/local-stack/process-table";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { request } from "undici";

const root = fileURLToPath(new URL("../..", import.meta.url));
const processes = [...serviceNames, "sandbox-a", "sandbox-b", stripeTwin.name];
const portFlags = [...processes, ...processes.map((name) => `${name}-ops`), "postgres", "nats"];
const startTimeoutMs = 120_000;

interface Started {
  readonly child: ChildProcess;
  output(): string;
  readonly exited: Promise<number | null>;
}

const running: Started[] = [];

const dataDir = makeScratchFolder("npm-start");

afterAll(async () => {
  for (const { child, exited } of running) {
    if (child.exitCode === null) child.kill("SIGINT");
    await exited;
  }
  await rm(dataDir, { recursive: true, force: true });
});

/** What `npm start` runs, with every port free unless said otherwise. */
async function start(args: readonly string[], ports: Readonly<Record<string, number>> = {}): Promise<Started> {
  const flags: string[] = [];
  for (const name of portFlags) flags.push(`--port-${name}`, String(ports[name] ?? (await freePort("127.0.0.1"))));
  const child = spawn(process.execPath, ["scripts/run.mjs", "start", ...flags, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", ...Object.fromEntries(providerKeyNames.map((name) => [name, ""])) },
  });
  let output = "";
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const started = { child, output: () => output, exited: once(child, "close").then(([code]) => code as number | null) };
  running.push(started);
  return started;
}

/** Rejects unless it ends with 0. Returns what it printed. */
async function topdog(dataDir: string, ...args: string[]): Promise<string> {
  const flags = ["scripts/run.mjs", "topdog", "--stack-file", join(dataDir, "stack.json"), ...args];
  const env = { ...process.env, NODE_OPTIONS: "", STRIPE_SECRET_KEY: "" };
  return (await promisify(execFile)(process.execPath, flags, { cwd: root, env })).stdout;
}

async function ready(started: Started): Promise<{ key: string; curl: string; gateway: string }> {
  const endsAt = Date.now() + startTimeoutMs;
  while (!started.output().includes("Ctrl-C stops everything")) {
    if (Date.now() > endsAt || started.child.exitCode !== null) throw new Error(`not ready:\n${started.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const output = started.output();
  const gateway = /curl -N (http:\/\/[^/]+)/.exec(output)?.[1] ?? "";
  return { key: /td_[\w-]{49}/.exec(output)?.[0] ?? "", curl: output, gateway };
}

async function usedCalls(gateway: string, key: string): Promise<number> {
  const answer = await request(`${gateway}/api/limits`, { headers: { authorization: `Bearer ${key}` } });
  const { limits } = (await answer.body.json()) as { limits: { meter: string; used: number }[] };
  return limits.find((one) => one.meter === "api_calls")?.used ?? Number.NaN;
}

describe("npm start", () => {
  test("prints a line that works, stops clean on Ctrl-C, and finds its state again", async () => {
    const first = await start(["--data-dir", dataDir]);
    const { key, gateway } = await ready(first);
    const body = /-d '(\{.*\})'/.exec(first.output())?.[1] ?? "";
    const answer = await request(`${gateway}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body,
    });
    expect(await answer.body.text()).toContain("data: [DONE]");
    // The operator's command finds the Stripe twin by what the start wrote down.
    expect(await topdog(dataDir, "stripe", "check")).toMatch(/\n\d+ points, 0 wrong\n$/);

    first.child.kill("SIGINT");
    expect(await first.exited).toBe(0);
    await expect(request(`${gateway}/livez`)).rejects.toThrow("ECONNREFUSED");

    const again = await ready(await start(["--data-dir", dataDir]));
    expect(again.key).toBe(key);
    expect(await usedCalls(again.gateway, key)).toBe(1);

    const third = await start(["--data-dir", dataDir]);
    expect(await third.exited).toBe(1);
    expect(third.output()).toContain("already runs on");
  }, 240_000);

  test("ends with 1 when an engine stays down, and says which and where its log is", async () => {
    // The platform that the test before left running.
    const started = running.find(({ child }) => child.exitCode === null);
    if (started === undefined) throw new Error("no platform runs");
    const server = (): number | undefined =>
      childrenOf(childrenOf(started.child.pid ?? 0)[0] ?? 0).find((pid) =>
        /nats-server\S* -c/.test(commandLineOf(pid) ?? ""),
      );
    let killed = 0;
    let last = 0;
    const endsAt = Date.now() + startTimeoutMs;
    while (started.child.exitCode === null && Date.now() < endsAt) {
      const pid = server();
      if (pid !== undefined && pid !== last) {
        process.kill(pid, "SIGKILL");
        killed += 1;
        last = pid;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await started.exited).toBe(1);
    expect(killed).toBe(4);
    expect(started.output()).toMatch(/nats ended too often, so the platform was stopped; its log: .*nats-server\.log/);
  }, 240_000);

  test("names the flag that moves a taken port, before anything is started", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, "127.0.0.1", resolve);
    });
    const { port } = holder.address() as { port: number };
    const dataDir = makeScratchFolder("npm-start-taken");
    try {
      const started = await start(["--data-dir", dataDir], { quota: port });
      expect(await started.exited).toBe(1);
      expect(started.output()).toContain(`port ${port}`);
      expect(started.output()).toContain("--port-quota");
      expect(started.output()).not.toContain("Postgres and NATS are up");
    } finally {
      holder.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  test("answers --help at once and refuses an unknown flag with a hint", async () => {
    const help = await start(["--help"]);
    expect(await help.exited).toBe(0);
    expect(help.output()).toContain("--fresh");
    const unknown = await start(["--nonsense"]);
    expect(await unknown.exited).not.toBe(0);
    expect(unknown.output()).toContain("--help");
  });
});
