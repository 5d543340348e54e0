import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const buildTimeoutMs = 1_200_000;
const outputMaxBytes = 16 * 1024 * 1024;

/** A program that is built from its Go modules: the folder's go.mod and go.sum pin all of it. */
export interface GoTool {
  readonly name: string;
  readonly folder: string;
  readonly package: string;
  readonly tags?: string;
}

/** The path of the built program; built once for each state of its module, into `.topdog/tools`. Minutes the first time. */
export async function buildGoTool(tool: GoTool, log: (line: string) => void): Promise<string> {
  const folder = join(root, tool.folder);
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) {
    const path = join(folder, file);
    if (existsSync(path)) hash.update(readFileSync(path));
  }
  const binary = join(root, ".topdog/tools", `${tool.name}-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(binary)) return binary;
  log(`building ${tool.name} from ${tool.folder}; the first time takes minutes`);
  mkdirSync(join(root, ".topdog/tools"), { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
  const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
  const tags = tool.tags === undefined ? [] : ["-tags", tool.tags];
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  const options = { cwd: folder, env, timeout: buildTimeoutMs, maxBuffer: outputMaxBytes };
  await run("go", ["build", ...flags, ...tags, "-o", unfinished, tool.package], options).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === "ENOENT"
      ? new Error(`${tool.name} is not on PATH, and there is no Go to build it with: install one of the two`)
      : error;
  });
  renameSync(unfinished, binary);
  return binary;
}
