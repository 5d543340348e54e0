import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serviceNames, standIns } from "@topdog/contracts/services";
import { findLeaks } from "./images/leaks.ts";
import { buildLocalBases } from "./images/local-bases.ts";

const usage = `npm run images: builds the image of every service with the container engine of this machine, and looks through
every layer of each for secrets, and for files that belong into none

  --check <image>     builds nothing: only looks through this one; may be repeated
  --archive <file>    the same for an archive of images, of BuildKit's (type=oci) or docker save's; needs no container engine
  --tag <tag>         dev when left out
  --registry <name>   in front of topdog/<service>; empty: only this machine has them
  --service <name>    only this one; may be repeated
  --local-bases       no image registry is in reach: makes Debian, Node, Postgres, NATS and Prometheus images from packages
                      first (needs root and debootstrap), and prints the variables by which docker compose takes them
  --host-network      the build reaches registries by the network of this machine
  --ca <file>         certificates that the build trusts besides, of a proxy in between`;

const root = join(import.meta.dirname, "..");
/** Not a service: what docker compose runs once before them. */
const operator = "operator";
const names = [...serviceNames, ...standIns.map(({ name }) => name)];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: "string", multiple: true },
      archive: { type: "string" },
      tag: { type: "string", default: "dev" },
      registry: { type: "string", default: "" },
      service: { type: "string", multiple: true },
      "local-bases": { type: "boolean", default: false },
      "host-network": { type: "boolean", default: false },
      ca: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.archive !== undefined) return checkArchive(values.archive, values.archive);
  const unknown = (values.service ?? []).filter((name) => !names.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`no service is called ${unknown.join(", ")}: ${names.join(", ")}`);
  if (spawnSync("docker", ["version"], { stdio: "ignore" }).status !== 0)
    throw new Error("no container engine answers: install Docker and start it (docker version says what is wrong)");
  if (values.check !== undefined) return checkImages(values.check);
  const bases = values["local-bases"] ? await buildLocalBases(root) : null;
  const built: string[] = [];
  for (const name of values.service ?? [...names, operator]) {
    const image = `${values.registry === "" ? "" : `${values.registry}/`}topdog/${name}:${values.tag}`;
    const flags = [
      ...(name === operator ? ["--target", operator] : ["--build-arg", `SERVICE=${name}`]),
      "--tag",
      image,
      ...(bases === null ? [] : buildArguments({ NODE_IMAGE: bases.NODE_IMAGE, RUNTIME_IMAGE: bases.RUNTIME_IMAGE })),
      ...(values["host-network"] ? ["--network", "host"] : []),
      ...(values.ca === undefined ? [] : ["--secret", `id=ca,src=${values.ca}`]),
    ];
    execFileSync("docker", ["build", ...flags, root], {
      stdio: "inherit",
      env: { ...process.env, DOCKER_BUILDKIT: "1" },
    });
    console.log(`built ${image}`);
    built.push(image);
  }
  checkImages(built);
  if (bases !== null) console.log(`\ndocker compose takes these images by:\n${exports(bases)}`);
}

function checkImages(images: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "topdog-images-"));
  try {
    const archive = join(folder, "images.tar");
    execFileSync("docker", ["save", "--output", archive, ...images], { stdio: "inherit" });
    checkArchive(archive, images.join(", "));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkArchive(archive: string, what: string): void {
  const leaks = findLeaks(archive);
  if (leaks.length > 0) throw new Error(`what no image may hold:\n${leaks.map((one) => `- ${one}\n`).join("")}`);
  console.log(`no secret and nothing needless is in ${what}`);
}

const buildArguments = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);

const exports = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}`)
    .join("\n");

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
