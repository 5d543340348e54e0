import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { serviceNames, standIns } from "@topdog/contracts/services";
import { resolveNatsServer } from "@topdog/local-stack/nats-binary";
import { postgresBinaries } from "@topdog/local-stack/postgres-home";
import type { Places } from "../places.ts";
import { type Image, writeArchive } from "./archive.ts";

export const imageTag = "rehearsal";

export interface ImageSources {
  readonly root: string;
  readonly pnpm: string;
  readonly places: Places;
  readonly log: (line: string) => void;
}

/** The images of the services as `pnpm deploy` packs them, and of the engines that the cluster runs. */
export async function buildImages(sources: ImageSources): Promise<void> {
  const { places, root, log } = sources;
  mkdirSync(places.images, { recursive: true });
  const work = join(places.run, "image-layers");
  const base = baseLayer(join(work, "base"), places);
  const services = [...serviceNames, ...standIns.map(({ name }) => name)].map((name) => ({
    name,
    folder: deployed(sources, name, join(work, name)),
  }));
  const images: Image[] = [
    ...services.map(({ name, folder }) => ({
      name: `topdog/${name}:${imageTag}`,
      folders: [base, folder],
      entrypoint: ["/usr/local/bin/node"],
      command: ["--import", "./dist/instrumentation.js", "dist/main.js"],
      env: [
        "PATH=/usr/local/bin:/bin",
        "NODE_ENV=production",
        "DOCS_DIR=/app/docs",
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
      folders: [await natsLayer(join(work, "nats"), log)],
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

function deployed({ root, pnpm }: ImageSources, name: string, folder: string): string {
  const app = join(folder, "app");
  execFileSync(pnpm, ["--filter", `@topdog/${name}`, "deploy", "--prod", "--offline", app], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, CI: "true" },
  });
  for (const needless of ["src", "test"]) rmSync(join(app, needless), { recursive: true, force: true });
  for (const document of ["openapi.json", "asyncapi.json", "errors.md"])
    place(join(root, "docs", document), join(app, "docs", document));
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

async function natsLayer(folder: string, log: (line: string) => void): Promise<string> {
  place(await resolveNatsServer({ log }), join(folder, "nats-server"));
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
