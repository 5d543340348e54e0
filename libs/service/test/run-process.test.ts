import { afterEach, describe, expect, test } from "@jest/globals";
import { startFixture, type FixtureProcess } from "./child.ts";

const started: FixtureProcess[] = [];
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

describe("a process", () => {
  const fixture = new URL("fixtures/signalled.ts", import.meta.url);
  const start = (mode: string): FixtureProcess => {
    const process = startFixture(fixture, { env: { MODE: mode } });
    started.push(process);
    return process;
  };

  test("says ready, stops once at SIGTERM and exits 0", async () => {
    const process = start("ok");
    await process.line("ready");
    process.child.kill("SIGTERM");
    expect(await process.exited()).toBe(0);
    expect(process.lines.map(({ msg }) => msg)).toEqual(["ready", "stopping", "stop called", "stopped"]);
  });

  test("a second signal ends it at once with 1", async () => {
    const process = start("hangs");
    await process.line("ready");
    process.child.kill("SIGINT");
    await process.line("stopping");
    process.child.kill("SIGINT");
    expect(await process.exited()).toBe(1);
  });

  test.each([
    ["start-fails", "the start failed"],
    ["rejects", "unhandled rejection"],
  ])("%s: it says why and exits 1", async (mode, message) => {
    const process = start(mode);
    expect(await process.exited()).toBe(1);
    expect(process.lines.at(-1)).toMatchObject({ level: "fatal", msg: message, err: { message: "broken" } });
  });
});
