import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Places } from "./places.ts";

const run = promisify(execFile);
const stepTimeoutMs = 600_000;

export interface EarlierTreeOptions {
  readonly root: string;
  readonly pnpm: string;
  readonly places: Places;
  readonly log: (line: string) => void;
}

/** A tree of this repository as it was at a commit, installed and built, beside the tools: it is kept for the next time. */
export async function prepareEarlierTree(ref: string, options: EarlierTreeOptions): Promise<string> {
  const { root, pnpm, places, log } = options;
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const commit = git("rev-parse", "--verify", `${ref}^{commit}`);
  const folder = join(places.cache, "earlier", commit);
  const done = join(folder, ".topdog-rehearsed");
  if (existsSync(done)) return folder;
  log(`building the tree of ${commit.slice(0, 12)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, "tree.tar");
  git("archive", "--output", archive, commit);
  await run("tar", ["-xf", archive, "-C", folder]);
  rmSync(archive);
  const step = (command: string, ...args: string[]): Promise<unknown> =>
    run(command, args, {
      cwd: folder,
      timeout: stepTimeoutMs,
      maxBuffer: 16 * 1024 ** 2,
      env: { ...process.env, CI: "true" },
    });
  await step(pnpm, "install", "--frozen-lockfile", "--prefer-offline");
  await step(join(folder, "node_modules/.bin/tsc"), "-b");
  await step(process.execPath, "--conditions=@topdog/source", "services/web/build/build.ts");
  writeFileSync(done, commit);
  return folder;
}
