import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { createLineLog } from "@topdog/telemetry/line-log";
import { createLogger } from "@topdog/telemetry/logger";

function logTo(level = "info") {
  const blocks: string[] = [];
  const written = new PassThrough();
  const write = (block: string): void => {
    blocks.push(block);
    written.write(block);
  };
  const logger = createLogger({ service: "gateway", level, destination: { write } });
  const lines = () =>
    blocks
      .join("")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, line: createLineLog(logger, "call"), blocks, lines, written };
}

describe("a gathered line", () => {
  test("looks like the logger's own", () => {
    const { logger, line, lines } = logTo();
    line(`"status":200,"requestId":"req_1"`);
    logger.info({ status: 200, requestId: "req_1" }, "call");
    const [gathered, usual] = lines();
    expect(Object.keys(gathered ?? {})).toEqual(Object.keys(usual ?? {}));
    const { time, ...rest } = usual ?? {};
    expect(gathered).toMatchObject(rest);
    expect(Math.abs(Date.parse(String(time)) - Date.parse(String(gathered?.["time"])))).toBeLessThan(1_000);
    expect(String(gathered?.["time"])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("goes out soon by itself, together with those beside it", async () => {
    const { line, blocks, lines, written } = logTo();
    line(`"n":1`);
    line(`"n":2`);
    expect(blocks).toEqual([]);
    const keepsTheLoopAlive = setInterval(() => undefined, 1_000);
    await once(written, "data");
    clearInterval(keepsTheLoopAlive);
    expect(blocks).toHaveLength(1);
    expect(lines()).toMatchObject([{ n: 1 }, { n: 2 }]);
  });

  test("never comes behind a later line of the logger", () => {
    const { logger, line, lines } = logTo();
    line(`"n":1`);
    logger.warn({ n: 2 }, "later");
    expect(lines()).toMatchObject([{ n: 1 }, { n: 2 }]);
  });

  test("waits with no more than a block of others", () => {
    const { line, blocks, lines } = logTo();
    for (let n = 0; blocks.length === 0; n += 1) line(`"n":${n},"padding":"${"x".repeat(100)}"`);
    expect(blocks[0]?.length).toBeLessThan(17 * 1024);
    expect(lines().map(({ n }) => n)).toEqual(lines().map((_, index) => index));
  });

  test("is not written below the level", () => {
    const { line, logger, blocks } = logTo("warn");
    line(`"n":1`);
    logger.output.flush();
    expect(blocks).toEqual([]);
  });
});
