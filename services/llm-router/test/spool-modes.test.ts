import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { segmentPath } from "../src/store/spool/segment.ts";
import { type SpoolRig, spoolRig } from "./spool-rig.ts";
import { intentOf } from "./usage-samples.ts";

let rig: SpoolRig;
let earlierUmask = 0;
beforeEach(() => {
  rig = spoolRig();
  earlierUmask = process.umask(0);
});
afterEach(() => {
  process.umask(earlierUmask);
  rig.remove();
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const fileModes = (folder: string): number[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => modeOf(join(folder, name)));

test("a spool that it makes is for its user alone, whatever the umask", async () => {
  const folder = join(rig.folder, "deep", "spool");
  const spool = await rig.open({ folder });
  await spool.begin(intentOf(1))!.durable();
  expect(modeOf(folder)).toBe(0o700);
  expect(fileModes(folder).length).toBeGreaterThanOrEqual(2);
  expect(new Set(fileModes(folder))).toEqual(new Set([0o600]));
  await spool.stop(0);
});

test("a spool that others could read is taken from them before it is used", async () => {
  chmodSync(rig.folder, 0o777);
  for (const path of [segmentPath(rig.folder, 1), join(rig.folder, "reserve")]) {
    writeFileSync(path, "", { mode: 0o666 });
  }
  const spool = await rig.open();
  expect(modeOf(rig.folder)).toBe(0o700);
  expect(new Set(fileModes(rig.folder))).toEqual(new Set([0o600]));
  await spool.stop(0);
});
