import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const neededNodeMajor = 24;
const platform = `${process.platform}-${process.arch}`;

/** The path of the pinned pnpm, installed by npm against the checksums of the lock file beside this file. */
export async function ensurePnpm({ root, steps }) {
  const source = join(root, "scripts/bootstrap");
  const pinned = JSON.parse(readFileSync(join(source, "package.json"), "utf8")).optionalDependencies;
  const version = pinned[`@pnpm/exe.${platform}`];
  if (version === undefined) return pnpmOnPath(Object.values(pinned)[0]);
  const folder = join(root, ".topdog/tools", `pnpm-${version}`);
  const binary = join("node_modules/@pnpm", `exe.${platform}`, "pnpm");
  if (existsSync(join(folder, binary))) return join(folder, binary);
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(source, name), join(partial, name));
  const npm = npmCommand();
  const cache = isWritable(homedir()) ? [] : ["--cache", join(root, ".topdog/npm-cache")];
  const flags = [
    "ci",
    ...cache,
    "--prefix",
    partial,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--include=optional",
  ];
  await steps.run("get pnpm", npm.command, [...npm.args, ...flags], { cwd: partial });
  if (!existsSync(join(partial, binary))) {
    rmSync(partial, { recursive: true });
    throw new Error(
      `npm did not install pnpm ${version} for ${platform}: see .topdog/logs/get-pnpm.log, and npm's own log that it ` +
        "names. Alpine and other musl systems are not supported.",
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return join(folder, binary);
}

/** Installs the workspace's packages when what declares them has changed since the last time. */
export async function ensurePackages({ root, steps, pnpm }) {
  const stampFile = join(root, "node_modules/.topdog-installed");
  const wanted = hashOf(root);
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
  const store = isWritable(homedir()) ? [] : ["--store-dir", join(root, ".topdog/pnpm-store")];
  const env = { ...process.env, CI: "true" };
  await steps.run("install packages", pnpm, ["install", "--frozen-lockfile", ...store], { cwd: root, env });
  writeFileSync(stampFile, wanted);
}

/** The folder of a Node new enough for the platform: this one's, else the one among the packages. */
export function nodeFolder(root) {
  if (Number(process.versions.node.split(".")[0]) >= neededNodeMajor) return join(process.execPath, "..");
  const folder = join(root, `node_modules/node-${platform}/bin`);
  if (existsSync(join(folder, "node"))) return folder;
  throw new Error(
    `Top Dog runs on Node ${neededNodeMajor} or newer; this is ${process.version}, and for ${platform} none comes with ` +
      `the packages. Install it (https://nodejs.org/en/download, or "nvm install ${neededNodeMajor}") and try again.`,
  );
}

function pnpmOnPath(version) {
  try {
    const found = execFileSync("pnpm", ["--version"], { encoding: "utf8" }).trim();
    if (found.split(".")[0] === version.split(".")[0]) return "pnpm";
  } catch {
    // Not installed: said below.
  }
  throw new Error(
    `For ${platform} no pnpm comes with Top Dog: install pnpm ${version} (https://pnpm.io/installation).`,
  );
}

/** Under `npm start` the very npm that runs us, since the one on PATH may be another. */
function npmCommand() {
  const running = process.env.npm_execpath ?? "";
  return running.endsWith("npm-cli.js") ? { command: process.execPath, args: [running] } : { command: "npm", args: [] };
}

function hashOf(root) {
  const packages = ["libs", "services"]
    .flatMap((group) => foldersIn(root, group))
    .concat("proofs", "e2e", "bench", ".");
  const manifests = packages.map((folder) => join(folder, "package.json"));
  const hash = createHash("sha256").update(platform);
  for (const name of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests.toSorted((a, b) => (a < b ? -1 : 1))]) {
    const path = join(root, name);
    if (existsSync(path)) hash.update(name).update(readFileSync(path));
  }
  return hash.digest("hex");
}

const foldersIn = (root, group) => readdirSync(join(root, group)).map((name) => join(group, name));

/** Without a home of one's own, caches stay in the checkout. */
function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
