import { execFile } from "node:child_process";
import { rmSync, utimesSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { freePort, promiseOf } from "../src/free-port.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const module = new URL("../src/free-port.ts", import.meta.url).href;
const ports = 300;

/** In a process of its own, with a folder of its own for what is temporary, as a run of the tests has. */
async function askForPorts(): Promise<number[]> {
  const code = `const { freePort } = await import(${JSON.stringify(module)});
    const ports = [];
    for (let count = 0; count < ${ports}; count += 1) ports.push(await freePort("127.0.0.1"));
    console.log(JSON.stringify(ports));`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code];
  const folder = makeScratchFolder("free-port");
  const env = { ...process.env, TMPDIR: folder };
  try {
    return JSON.parse((await promisify(execFile)(process.execPath, flags, { env })).stdout) as number[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("processes that ask at the same time are given different ports", async () => {
  const given = (await Promise.all([askForPorts(), askForPorts()])).flat();
  expect(new Set(given).size).toBe(2 * ports);
});

test("a port is nobody else's for as long as whoever was given it runs, also while nobody listens on it", async () => {
  const own: number[] = [];
  for (let count = 0; count < ports; count += 1) own.push(await freePort("127.0.0.1"));
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const port of own) utimesSync(promiseOf(port), hourAgo, hourAgo);
  const others = await askForPorts();
  expect(others.filter((port) => own.includes(port))).toEqual([]);
});
