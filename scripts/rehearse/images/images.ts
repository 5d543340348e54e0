import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { serviceNames, standIns } from "@topdog/contracts/services";
import { resolveNatsServer } from "@topdog/local-stack/nats-binary";
import { postgresBinaries } from "@topdog/local-stack/postgres-home";
import type { Places } from "../places.ts";
import { type Image, writeArchive } from "./archive.ts";
import { faultLayer, faultyBuilds } from "./faulty-builds.ts";

const run = promisify(execFile);
export const imageTag = "rehearsal";
/** Of the services' images from an earlier tree, for an upgrade. */
export const earlierTag = "earlier";

export interface ImageSources {
  readonly root: string;
  /** Another tree of this repository, built: its services get images too. */
  readonly earlierRoot: string | null;
  readonly pnpm: string;
  readonly places: Places;
  /** When what the images take from the tools is there; the services are packed meanwhile. */
  readonly tools: Promise<void>;
  readonly log: (line: string) => void;
}

/** The images of the services as `pnpm deploy` packs them, and of the engines that the cluster runs. */
export async function buildImages(sources: ImageSources): Promise<void> {
  const { places, root, earlierRoot, tools, log } = sources;
  mkdirSync(places.images, { recursive: true });
  const work = join(places.run, "image-layers");
  const deployAll = (from: string, folder: string): Promise<Deployed[]> =>
    Promise.all(
      [...serviceNames, ...standIns.map(({ name }) => name)].map(async (name) => ({
        name,
        folder: await deployed({ ...sources, root: from }, name, join(folder, name)),
      })),
    );
  const [services, earlier, natsServer] = await Promise.all([
    deployAll(root, work),
    earlierRoot === null ? [] : deployAll(earlierRoot, join(work, earlierTag)),
    resolveNatsServer({ log }),
    tools,
  ]);
  const base = baseLayer(join(work, "base"), places);
  const faulty = faultyBuilds.map((build) => {
    const folder = services.find(({ name }) => name === build.service)?.folder ?? "";
    const layer = faultLayer(build, folder, join(work, build.tag));
    return { name: `${build.service}:${build.tag}`, folders: [base, folder, layer] };
  });
  const images: Image[] = [
    ...[
      ...services.map(({ name, folder }) => ({ name: `${name}:${imageTag}`, folders: [base, folder] })),
      ...earlier.map(({ name, folder }) => ({ name: `${name}:${earlierTag}`, folders: [base, folder] })),
      ...faulty,
    ].map(({ name, folders }) => ({
      name: `topdog/${name}`,
      folders,
      entrypoint: ["/usr/local/bin/node"],
      command: ["--import", "./dist/instrumentation.js", "dist/main.js"],
      env: [
        "PATH=/usr/local/bin:/bin",
        "NODE_ENV=production",
        "DOCS_DIR=/app/docs",
        "WEB_DIR=/app/site",
        "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
      ],
      workingDir: "/app",
      user: "65532:65532",
    })),
    {
      name: `postgres:${imageTag}`,
      folders: [base, postgresLayer(join(work, "postgres"), root, log)],
      entrypoint: ["/bin/sh", "/usr/local/bin/start-postgres.sh"],
      env: ["PATH=/usr/local/pgsql/bin:/usr/local/bin:/bin", "LD_LIBRARY_PATH=/usr/local/pgsql/lib", "LC_ALL=C"],
      user: "70:70",
    },
    {
      name: `nats:${imageTag}`,
      folders: [natsLayer(join(work, "nats"), natsServer)],
      entrypoint: ["/nats-server"],
      user: "65532:65532",
    },
    {
      name: "topdog.local/pause:1",
      folders: [pauseLayer(join(work, "pause"), places)],
      entrypoint: ["/pause"],
      user: "65532:65532",
    },
  ];
  writeArchive(images, join(places.images, "all.tar"));
  rmSync(work, { recursive: true, force: true });
}

interface Deployed {
  readonly name: string;
  readonly folder: string;
}

/** Node, the libraries it needs, a shell, and who runs. */
function baseLayer(folder: string, { packages }: Places): string {
  place(process.execPath, join(folder, "usr/local/bin/node"));
  for (const library of librariesOf(process.execPath)) place(library, join(folder, library));
  place(join(packages, "bin/busybox"), join(folder, "bin/busybox"));
  for (const tool of ["sh", "mktemp", "cp", "rm", "cat", "echo", "ls", "locale"])
    symlinkSync("busybox", join(folder, "bin", tool));
  const certificates = "/etc/ssl/certs/ca-certificates.crt";
  if (existsSync(certificates)) place(certificates, join(folder, certificates));
  write(join(folder, "etc/passwd"), "root:x:0:0::/:\npostgres:x:70:70::/:\nservice:x:65532:65532::/:\n");
  write(join(folder, "etc/group"), "root:x:0:\npostgres:x:70:\nservice:x:65532:\n");
  write(join(folder, "etc/nsswitch.conf"), "hosts: files dns\n");
  mkdirSync(join(folder, "tmp"), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
  return folder;
}

async function deployed({ root, pnpm }: ImageSources, name: string, folder: string): Promise<string> {
  const app = join(folder, "app");
  await run(pnpm, ["--filter", `@topdog/${name}`, "deploy", "--prod", "--prefer-offline", app], {
    cwd: root,
    env: { ...process.env, CI: "true" },
  });
  for (const needless of ["src", "test"]) rmSync(join(app, needless), { recursive: true, force: true });
  for (const document of ["openapi.json", "asyncapi.json", "errors.md"])
    place(join(root, "docs", document), join(app, "docs", document));
  if (name === "gateway") cpSync(join(root, "services/web/dist/site"), join(app, "site"), { recursive: true });
  return folder;
}

function postgresLayer(folder: string, root: string, log: (line: string) => void): string {
  const binaries = postgresBinaries(null, log);
  cpSync(binaries, join(folder, "usr/local/pgsql"), { recursive: true, verbatimSymlinks: true });
  for (const library of librariesOf(join(binaries, "bin/postgres"))) {
    if (!library.startsWith(binaries)) place(library, join(folder, library));
  }
  place(join(root, "scripts/images/base/start-postgres.sh"), join(folder, "usr/local/bin/start-postgres.sh"));
  return folder;
}

function natsLayer(folder: string, natsServer: string): string {
  place(natsServer, join(folder, "nats-server"));
  return folder;
}

function pauseLayer(folder: string, { bin }: Places): string {
  place(join(bin, "pause"), join(folder, "pause"));
  return folder;
}

/** What the loader says that a program needs, by the path where it looks for it. */
function librariesOf(program: string): string[] {
  const said = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...new Set([...said.matchAll(/(\/[^\s(]+)/g)].map((match) => match[1] ?? ""))].filter((path) => path !== "");
}

function place(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(realpathSync(source), target);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
