import { closeSync, openSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { createLogger } from "../src/logger.ts";
import { createLineSink, sinkOf, type WriteBytes } from "../src/line-sink.ts";

/** A disk that takes so many bytes. */
function disk(room: number) {
  const state = { room, text: "" };
  const write: WriteBytes = (bytes, offset) => {
    if (state.room === 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const taken = bytes.subarray(offset, offset + state.room);
    state.room -= taken.length;
    state.text += taken.toString();
    return taken.length;
  };
  return { state, sink: createLineSink(write) };
}

test("lines that a full disk does not take are counted, and told of when it takes lines again", () => {
  const { state, sink } = disk(13);
  sink.write("line one\n");
  sink.write("line two\n");
  sink.write("line three\nline four\n");
  expect([sink.lost(), state.text]).toEqual([3, "line one\nline"]);
  state.room = 1_000;
  sink.write("line five\n");
  const lines = state.text.split("\n");
  expect([lines[0], lines[1], lines[3]]).toEqual(["line one", "line", "line five"]);
  expect(JSON.parse(lines[2] ?? "")).toMatchObject({ level: "warn", lines: 3 });
  sink.write("line six\n");
  expect(state.text.endsWith("line five\nline six\n")).toBe(true);
  expect(sink.lost()).toBe(3);
});

test("a reader that is slow for a moment loses nothing", () => {
  let refusals = 5;
  let text = "";
  const sink = createLineSink((bytes, offset) => {
    if (refusals > 0) {
      refusals -= 1;
      throw Object.assign(new Error("try again"), { code: "EAGAIN" });
    }
    text += bytes.subarray(offset).toString();
    return bytes.length - offset;
  });
  sink.write("here\n");
  expect([text, sink.lost()]).toEqual(["here\n", 0]);
});

test("a logger whose file takes nothing throws nothing", () => {
  // Open for reading alone: every write fails.
  const fd = openSync(import.meta.filename, "r");
  const sink = sinkOf(fd);
  const logger = createLogger({ service: "t", level: "info", destination: sink });
  logger.info("one");
  logger.fatal("two");
  logger.output.gather("three\n");
  logger.output.flush();
  closeSync(fd);
  expect(sink.lost()).toBe(3);
});
