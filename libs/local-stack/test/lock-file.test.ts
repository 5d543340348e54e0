import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { takeLock } from "../src/lock-file.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const folder = makeScratchFolder("lock");
const source = new URL("../src/lock-file.ts", import.meta.url).href;

afterAll(() => rmSync(folder, { recursive: true }));

test("a lock is held by one process at a time, and free again once released", () => {
  const path = join(folder, "once");
  const first = takeLock(path);
  expect(takeLock(path)).toEqual({ held: false, byPid: process.pid });
  if (first.held) first.release();
  expect(takeLock(path).held).toBe(true);
});

test("the lock of a process that was killed is void, also when its id belongs to another by now", async () => {
  const path = join(folder, "killed");
  const code = `import { takeLock } from ${JSON.stringify(source)}; takeLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  expect(takeLock(path)).toEqual({ held: false, byPid: holder.pid });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect(takeLock(path).held).toBe(true);
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: "another process" }));
  expect(takeLock(path).held).toBe(true);
});
