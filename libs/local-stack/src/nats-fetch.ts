import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { download } from "./download.ts";
import { natsServerPin } from "./pins.ts";

const goModule = `${natsServerPin.goModule}@v${natsServerPin.version}`;

const connectTimeoutMs = 5_000;
const commandTimeoutMs = 300_000;
const outputMaxBytes = 16 * 1024 * 1024;
const run = promisify(execFile);

export interface Way {
  readonly name: string;
  /** Returns the path of a server under `folder`, or rejects. */
  fetch(folder: string): Promise<string>;
}

/** Tries each way in turn inside `folder`; returns the path of a server there. Throws with what each way said. */
export async function fetchNatsServer(
  folder: string,
  ways: readonly Way[],
  log: (line: string) => void,
): Promise<string> {
  const said: string[] = [];
  for (const way of ways) {
    const own = mkdtempSync(join(folder, "fetch-"));
    try {
      const binary = await way.fetch(own);
      chmodSync(binary, 0o755);
      log(`nats-server ${await natsVersion(binary)} came from the ${way.name}`);
      return binary;
    } catch (error) {
      said.push(`- ${way.name}: ${firstLine(error)}`);
      rmSync(own, { recursive: true, force: true });
    }
  }
  throw new Error(
    [
      `No nats-server ${natsServerPin.leastVersion} or newer was found, and it could not be fetched:`,
      ...said,
      `Install it so that it is on PATH (https://docs.nats.io/running-a-nats-service/introduction/installation), or install Go, and run this again.`,
    ].join("\n"),
  );
}

/** The version a server reports of itself; null when it cannot be run or says something else. */
export async function natsVersion(binary: string): Promise<string | null> {
  try {
    const { stdout } = await run(binary, ["--version"], { timeout: connectTimeoutMs });
    return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Compares dotted numbers; anything after them (a Debian revision, a pre-release) does not count. */
export function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
  const [have, want] = [parts(version), parts(least)];
  const differs = want.findIndex((part, index) => part !== (have[index] ?? 0));
  return differs === -1 || (have[differs] ?? 0) > (want[differs] ?? 0);
}

const releaseArchive: Way = {
  name: "release archive",
  async fetch(folder) {
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const sha256: string | undefined = Object.entries(natsServerPin.archiveSha256).find(
      ([name]) => name === architecture,
    )?.[1];
    if (process.platform !== "linux" || sha256 === undefined) throw new Error("not pinned for this platform");
    const name = `nats-server-v${natsServerPin.version}-linux-${architecture}`;
    const archive = join(folder, "archive.tar.gz");
    const base = "https://github.com/nats-io/nats-server/releases/download";
    await download(`${base}/v${natsServerPin.version}/${name}.tar.gz`, archive, connectTimeoutMs);
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== sha256) throw new Error(`its checksum is ${found}, not the pinned ${sha256}`);
    await run("tar", ["-xzf", archive, "-C", folder], { timeout: commandTimeoutMs });
    return join(folder, name, "nats-server");
  },
};

/** The module's sum is pinned here; its own go.sum pins all that it is built from. */
const goToolchain: Way = {
  name: "Go toolchain",
  async fetch(folder) {
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", ...ownGoFolders(folder) };
    const options = { cwd: folder, timeout: commandTimeoutMs, maxBuffer: outputMaxBytes, env };
    const { stdout } = await run("go", ["mod", "download", "-json", goModule], options);
    const module = JSON.parse(stdout) as { Dir: string; Sum: string };
    if (module.Sum !== natsServerPin.goModuleSum)
      throw new Error(`the module's sum is ${module.Sum}, not the pinned ${natsServerPin.goModuleSum}`);
    const source = join(folder, "source");
    cpSync(module.Dir, source, { recursive: true });
    await run("chmod", ["-R", "u+w", source]);
    const binary = join(folder, "nats-server");
    const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
    await run("go", ["build", ...flags, "-o", binary, "."], { ...options, cwd: source });
    rmSync(source, { recursive: true, force: true });
    return binary;
  },
};

/** Go keeps its caches at home; where there is none to write in, they last as long as this build. */
function ownGoFolders(folder: string): Record<string, string> {
  try {
    accessSync(homedir(), constants.W_OK);
    return {};
  } catch {
    const flags = `${process.env["GOFLAGS"] ?? ""} -modcacherw`.trim();
    return { GOPATH: join(folder, "go"), GOCACHE: join(folder, "go-cache"), GOENV: "off", GOFLAGS: flags };
  }
}

export const standardWays: readonly Way[] = [releaseArchive, goToolchain];

function firstLine(error: unknown): string {
  const failure = error as Error & { stderr?: string; code?: unknown };
  if (failure.code === "ENOENT") return "not installed";
  return (failure.stderr?.trim() || failure.message).split("\n")[0] ?? "failed";
}
