import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { rotateLogs } from "../src/log-rotation.ts";
import { startProcess } from "../src/process.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const scratch = makeScratchFolder("log-rotation");
afterAll(() => rmSync(scratch, { recursive: true }));

function logFolder(name: string): { folder: string; log: string } {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return { folder, log: join(folder, "service.log") };
}

test("the newest logs are kept, the oldest goes, and a small one is left alone", () => {
  const { folder, log } = logFolder("kept");
  writeFileSync(join(folder, "small.log"), "x");
  for (const content of ["first", "second", "third", "fourth"]) {
    writeFileSync(log, content);
    rotateLogs({ folder, maxBytes: 3, keptFiles: 2 });
  }
  expect(readdirSync(folder).toSorted()).toEqual(["service.log", "service.log.1", "service.log.2", "small.log"]);
  expect(["", ".1", ".2"].map((end) => readFileSync(log + end, "utf8"))).toEqual(["", "fourth", "third"]);
});

test("a running process goes on writing into the emptied log, from its beginning", async () => {
  const { folder, log } = logFolder("running");
  const entry = join(folder, "writer.mjs");
  writeFileSync(
    entry,
    'process.on("SIGUSR2", () => console.log("again")); setInterval(() => {}, 1000); console.log("began");',
  );
  const writer = startProcess({ name: "writer", entry, logFile: log });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  try {
    await until(() => existsSync(log) && readFileSync(log, "utf8") === "began\n");
    rotateLogs({ folder, maxBytes: 1 });
    expect(statSync(log).size).toBe(0);
    process.kill(writer.pid, "SIGUSR2");
    await until(() => statSync(log).size > 0);
    expect(readFileSync(log, "utf8")).toBe("again\n");
    expect(readFileSync(`${log}.1`, "utf8")).toBe("began\n");
  } finally {
    await writer.kill9();
  }
});
