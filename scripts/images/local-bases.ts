import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { postgresBinaries } from "@topdog/local-stack/postgres-home";
import { resolveNatsServer } from "@topdog/local-stack/nats-binary";

/** By the variable of docker-compose.yml: an image that was made on this machine, from packages alone. */
export interface LocalBases extends Readonly<Record<string, string>> {
  readonly NODE_IMAGE: string;
  readonly RUNTIME_IMAGE: string;
}

const release = "bookworm";
const debianImage = `topdog.local/debian:${release}`;

/** Base images without an image registry: Debian by debootstrap, the rest from packages that npm start uses too. */
export async function buildLocalBases(root: string): Promise<LocalBases> {
  makeDebian(root);
  const image = (name: string, parts: Readonly<Record<string, string>>): string =>
    buildFrom(root, name, `topdog.local/${name}:local`, parts);
  const node = image("node", { node: process.execPath, npm: npmFolder() });
  return {
    NODE_IMAGE: node,
    RUNTIME_IMAGE: node,
    NATS_IMAGE: image("nats", { "nats-server": await resolveNatsServer({ log: console.log }) }),
    POSTGRES_IMAGE: image("postgres", {
      postgres: postgresBinaries(null, console.log),
      "start-postgres.sh": join(root, "scripts/images/base/start-postgres.sh"),
      "pg_isready.sh": join(root, "scripts/images/base/pg_isready.sh"),
    }),
    ...(onPath("prometheus") === null
      ? {}
      : { PROMETHEUS_IMAGE: image("prometheus", { prometheus: onPath("prometheus") ?? "" }) }),
  };
}

function makeDebian(root: string): void {
  if (hasImage(debianImage)) return;
  const folder = join(root, ".topdog/images/debian");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`making ${debianImage} from packages`);
  const mirror = mirrorOf(release);
  execFileSync("debootstrap", ["--variant=minbase", "--include=ca-certificates", release, folder, ...mirror], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  execFileSync("sh", ["-c", 'tar -C "$1" -c . | docker import - "$2"', "sh", folder, debianImage], {
    stdio: "inherit",
  });
  rmSync(folder, { recursive: true, force: true });
}

/** The mirror that this machine's own package manager uses. */
function mirrorOf(release: string): string[] {
  const policy = execFileSync("apt-cache", ["policy"], { encoding: "utf8" });
  const mirror = new RegExp(`(https?://\\S+) ${release}/main`).exec(policy)?.[1];
  return mirror === undefined ? [] : [mirror];
}

function buildFrom(root: string, name: string, image: string, parts: Readonly<Record<string, string>>): string {
  const context = makeScratchFolder(`image-${name}`);
  for (const [target, source] of Object.entries(parts))
    cpSync(realpathSync(source), join(context, target), { recursive: true, verbatimSymlinks: true });
  const file = join(root, `scripts/images/base/${name}.Dockerfile`);
  execFileSync(
    "docker",
    [
      "build",
      "--network",
      "none",
      "--build-arg",
      `DEBIAN_IMAGE=${debianImage}`,
      "--file",
      file,
      "--tag",
      image,
      context,
    ],
    {
      stdio: "inherit",
      env: { ...process.env, DOCKER_BUILDKIT: "1" },
    },
  );
  rmSync(context, { recursive: true, force: true });
  return image;
}

const hasImage = (image: string): boolean => {
  try {
    execFileSync("docker", ["image", "inspect", image], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** The npm that belongs to the Node on PATH: a folder that can be copied. */
function npmFolder(): string {
  const npm = onPath("npm");
  const folder = npm === null ? null : join(dirname(realpathSync(npm)), "..");
  if (folder === null || !existsSync(join(folder, "package.json")))
    throw new Error("npm is not on PATH, or is no folder of Node's");
  return folder;
}

function onPath(command: string): string | null {
  try {
    return execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}
