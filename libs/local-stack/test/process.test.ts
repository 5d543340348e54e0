import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "@jest/globals";
import { freePort } from "../src/free-port.ts";
import { awaitGone, startProcess } from "../src/process.ts";
import { childrenOf, isRunning } from "../src/process-table.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const folder = makeScratchFolder("process");
const source = new URL("../src/process.ts", import.meta.url).href;

afterAll(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function readPids(file: string, count: number): Promise<number[]> {
  for (;;) {
    try {
      const pids = readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
      if (pids.length >= count) return pids;
    } catch {
      // Not written yet.
    }
    await sleep(20);
  }
}

test("nothing survives a starter that is killed by SIGKILL, not even a grandchild that ignores SIGTERM", async () => {
  const pidFile = join(folder, "pids");
  const grandchild = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`;
  const child = script(
    "child.mjs",
    `import { spawn } from "node:child_process"; import { appendFileSync } from "node:fs";
     const inner = spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}]);
     appendFileSync(${JSON.stringify(pidFile)}, process.pid + "\\n" + inner.pid + "\\n"); setInterval(() => {}, 1000);`,
  );
  const starter = script(
    "starter.mjs",
    `import { startProcess } from ${JSON.stringify(source)};
     startProcess({ name: "child", entry: ${JSON.stringify(child)} });`,
  );
  const parent = spawn(process.execPath, [starter], { stdio: "inherit" });
  const pids = await readPids(pidFile, 2);
  expect(pids.map(isRunning)).toEqual([true, true]);
  parent.kill("SIGKILL");
  expect(await awaitGone(() => !pids.some(isRunning), 30_000)).toBe(true);
});

/** Empty for a process that has ended meanwhile: earlier tests' children may still be going. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

test("a child and its guard get what any program needs and what they are given, nothing else of our environment", async () => {
  process.env["CANARY_SECRET"] = "canary";
  const file = join(folder, "environment");
  const entry = script(
    "environment.mjs",
    `import { renameSync, writeFileSync } from "node:fs"; const file = ${JSON.stringify(file)};
     writeFileSync(file + ".new", JSON.stringify(process.env)); renameSync(file + ".new", file);
     setInterval(() => {}, 1000);`,
  );
  const child = startProcess({ name: "environment", entry, env: { GIVEN: "yes", ABSENT: undefined } });
  await readPids(file, 1);
  const written = JSON.parse(readFileSync(file, "utf8")) as NodeJS.ProcessEnv;
  delete process.env["CANARY_SECRET"];
  expect(written).toMatchObject({ GIVEN: "yes", PATH: process.env["PATH"] });
  expect(written).not.toHaveProperty("CANARY_SECRET");
  expect(written).not.toHaveProperty("ABSENT");
  if (process.platform === "linux") {
    const environments = childrenOf(process.pid)
      .map(environmentOf)
      .filter((text) => text !== "");
    expect(environments.length).toBeGreaterThanOrEqual(2);
    expect(environments.join()).not.toContain("CANARY_SECRET");
  }
  await child.kill9();
});

test("one that ignores SIGTERM is killed once its grace is over", async () => {
  const entry = script(
    "stubborn.mjs",
    `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up");`,
  );
  const logFile = join(folder, "stubborn.log");
  const child = startProcess({ name: "stubborn", entry, logFile });
  while (!readFileSync(logFile, "utf8").includes("up")) await sleep(10);
  expect(await child.stop("SIGTERM", 200)).toEqual({ code: null, signal: "SIGKILL" });
});

test("ready waits for a 200, not for a listener", async () => {
  let status = 503;
  const server = createServer((_request, response) => response.writeHead(status).end());
  const port = await freePort("127.0.0.1");
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const entry = script("idle.mjs", "setInterval(() => {}, 1000);");
  const child = startProcess({ name: "idle", entry, readyUrl: `http://127.0.0.1:${port}/readyz` });
  let ready = false;
  const waiting = child.ready.then(() => (ready = true));
  await sleep(200);
  expect(ready).toBe(false);
  status = 200;
  await waiting;
  await child.kill9();
  server.close();
});

test("one that ends while it starts fails ready with its exit code and the end of its log", async () => {
  const entry = script("broken.mjs", `console.error("no such table"); process.exit(3);`);
  const child = startProcess({
    name: "broken",
    entry,
    logFile: join(folder, "broken.log"),
    readyUrl: "http://127.0.0.1:9/readyz",
  });
  await expect(child.ready).rejects.toThrow(/broken ended while starting \(exit code 3\)[\s\S]*no such table/);
});

test("an executable that does not exist is an error at once", () => {
  expect(() => startProcess({ name: "ghost", command: join(folder, "ghost") })).toThrow(/ghost: .* cannot be run/);
});
