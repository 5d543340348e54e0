import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { download } from "./download.ts";

export const pinnedNatsVersion = "2.14.5";
/** Older servers accept what we declare and silently do not do it. */
export const leastNatsVersion = "2.12.0";

const archiveSha256: Readonly<Record<string, string>> = {
  amd64: "5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355",
  arm64: "673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c",
};
const goModule = `github.com/nats-io/nats-server/v2@v${pinnedNatsVersion}`;
const goModuleSum = "h1:M6yeo/Xb7khi97RSEVELof3DForDqmYza3P4tHCPFWw=";

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
      `No nats-server ${leastNatsVersion} or newer was found, and it could not be fetched:`,
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
    const sha256 = archiveSha256[architecture];
    if (process.platform !== "linux" || sha256 === undefined) throw new Error("not pinned for this platform");
    const name = `nats-server-v${pinnedNatsVersion}-linux-${architecture}`;
    const archive = join(folder, "archive.tar.gz");
    const base = "https://github.com/nats-io/nats-server/releases/download";
    await download(`${base}/v${pinnedNatsVersion}/${name}.tar.gz`, archive, connectTimeoutMs);
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
    if (module.Sum !== goModuleSum) throw new Error(`the module's sum is ${module.Sum}, not the pinned ${goModuleSum}`);
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

const debianPackage: Way = {
  name: "Debian package",
  async fetch(folder) {
    const { stdout } = await run("apt-cache", ["policy", "nats-server"], { timeout: commandTimeoutMs });
    const candidate = /Candidate: (\S+)/.exec(stdout)?.[1] ?? "(none)";
    if (!isAtLeast(candidate, leastNatsVersion)) throw new Error(`the one on offer is ${candidate}`);
    await run("apt-get", ["download", "nats-server"], { cwd: folder, timeout: commandTimeoutMs });
    const file = readdirSync(folder).find((name) => name.endsWith(".deb"));
    if (file === undefined) throw new Error("apt-get downloaded nothing");
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    await run("dpkg", ["-x", join(folder, file), unpacked], { timeout: commandTimeoutMs });
    const found = ["usr/sbin", "usr/bin"].map((bin) => join(unpacked, bin, "nats-server")).find(existsSync);
    if (found === undefined) throw new Error("the package holds no nats-server");
    return found;
  },
};

export const standardWays: readonly Way[] = [releaseArchive, goToolchain, debianPackage];

function firstLine(error: unknown): string {
  const failure = error as Error & { stderr?: string; code?: unknown };
  if (failure.code === "ENOENT") return "not installed";
  return (failure.stderr?.trim() || failure.message).split("\n")[0] ?? "failed";
}
