import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const module = new URL("../src/free-port.ts", import.meta.url).href;
const ports = 300;

/** In a process of its own. */
async function askForPorts(): Promise<number[]> {
  const code = `const { freePort } = await import(${JSON.stringify(module)});
    const ports = [];
    for (let count = 0; count < ${ports}; count += 1) ports.push(await freePort("127.0.0.1"));
    console.log(JSON.stringify(ports));`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", code];
  return JSON.parse((await promisify(execFile)(process.execPath, flags)).stdout) as number[];
}

test("processes that ask at the same time are given different ports", async () => {
  const given = (await Promise.all([askForPorts(), askForPorts()])).flat();
  expect(new Set(given).size).toBe(2 * ports);
});
