import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Image {
  /** `topdog/quota:rehearsal` */
  readonly name: string;
  /** Folders that become layers, the lowest first. Images that share a folder share its layer. */
  readonly folders: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user: string;
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

const mediaType = (what: string): string => `application/vnd.oci.image.${what}`;

/** Writes images as one OCI archive that container engines import: no daemon, no root filesystem tool, the same bytes every time. */
export function writeArchive(images: readonly Image[], file: string): void {
  const layout = `${file}.layout`;
  rmSync(layout, { recursive: true, force: true });
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  const layers = new Map<string, Blob>();
  for (const folder of new Set(images.flatMap((image) => image.folders))) layers.set(folder, addLayer(layout, folder));
  const manifests = images.map((image) => addManifest(layout, image, layers));
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  execFileSync("tar", ["-C", layout, "-cf", file, "."]);
  rmSync(layout, { recursive: true, force: true });
}

/** Neither does the Dockerfile bring them: two files of five. */
const needless = ["*.map", "*.d.ts", "*.d.mts", "*.d.cts", "*.tsbuildinfo"].map((name) => `--exclude=${name}`);

function addLayer(layout: string, folder: string): Blob {
  const file = join(layout, "layer.tar");
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  execFileSync("tar", [...needless, ...same, "-C", folder, "-cf", file, "."]);
  return addBlob(layout, readFileSync(file), file);
}

function addBlob(layout: string, content: Buffer, from?: string): Blob {
  const hex = createHash("sha256").update(content).digest("hex");
  const target = join(layout, "blobs/sha256", hex);
  if (from === undefined) writeFileSync(target, content);
  else renameSync(from, target);
  return { digest: `sha256:${hex}`, size: content.length };
}

function addManifest(layout: string, image: Image, layers: ReadonlyMap<string, Blob>): object {
  const own = image.folders.map((folder) => {
    const blob = layers.get(folder);
    if (blob === undefined) throw new Error(`no layer was made of ${folder}`);
    return blob;
  });
  const config = addBlob(
    layout,
    Buffer.from(
      JSON.stringify({
        architecture: process.arch === "x64" ? "amd64" : process.arch,
        os: "linux",
        config: {
          Entrypoint: image.entrypoint,
          Cmd: image.command ?? [],
          Env: image.env ?? [],
          WorkingDir: image.workingDir ?? "/",
          User: image.user,
        },
        rootfs: { type: "layers", diff_ids: own.map(({ digest }) => digest) },
      }),
    ),
  );
  const manifest = addBlob(
    layout,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaType("manifest.v1+json"),
        config: { mediaType: mediaType("config.v1+json"), ...config },
        layers: own.map((blob) => ({ mediaType: mediaType("layer.v1.tar"), ...blob })),
      }),
    ),
  );
  return {
    mediaType: mediaType("manifest.v1+json"),
    ...manifest,
    annotations: {
      "io.containerd.image.name": canonicalName(image.name),
      "org.opencontainers.image.ref.name": image.name,
    },
  };
}

/** As container engines complete a short name. */
function canonicalName(name: string): string {
  const [first = ""] = name.split("/");
  return first.includes(".") ? name : `docker.io/${name.includes("/") ? name : `library/${name}`}`;
}
