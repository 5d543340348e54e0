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

  test("that is told to stop while it starts waits until what was opened is released, never says ready, and exits 0", async () => {
    const process = start("starts for ever");
    await process.line("starting");
    process.child.kill("SIGTERM");
    expect(await process.exited()).toBe(0);
    expect(process.lines.map(({ msg }) => msg)).toEqual(["starting", "stopping", "released", "stopped"]);
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

  describe("writes the lines that it has gathered", () => {
    test("before its last words at SIGTERM", async () => {
      const process = start("gathers");
      await process.line("ready");
      process.child.kill("SIGTERM");
      expect(await process.exited()).toBe(0);
      expect(process.lines.map(({ msg }) => msg)).toEqual(["ready", "stopping", "stop called", "gathered", "stopped"]);
    });

    test("before it dies of an error that nobody caught", async () => {
      const process = start("gathers and throws");
      expect(await process.exited()).toBe(1);
      expect(process.lines.slice(-2)).toMatchObject([{ msg: "gathered", at: 1 }, { level: "fatal" }]);
    });

    test("when something exits at once", async () => {
      const process = start("gathers and exits");
      expect(await process.exited()).toBe(3);
      expect(process.lines.at(-1)).toMatchObject({ msg: "gathered", at: 1 });
    });
  });
});
