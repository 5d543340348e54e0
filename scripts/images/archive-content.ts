import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What an archive of images holds, as files of the folder that it was unpacked into. */
export interface ArchiveContent {
  readonly texts: readonly ArchivedText[];
  readonly layers: readonly string[];
}

/** Says how an image was made, or what is attested of it. */
export interface ArchivedText {
  readonly image: string;
  readonly what: string;
  readonly file: string;
}

/** Reads an OCI archive, as BuildKit writes it with what is attested of the image, or what `docker save` wrote. */
export function readArchive(folder: string): ArchiveContent {
  const content = existsSync(join(folder, "index.json")) ? readLayout(folder) : readSaved(folder);
  // An archive that is not understood must not pass as one without secrets.
  if (content.layers.length === 0) throw new Error("the archive holds no layer of an image");
  return content;
}

interface SavedImage {
  readonly Config: string;
  readonly Layers: readonly string[];
  readonly RepoTags: readonly string[] | null;
}

const configuration = "the configuration or its history";

function readSaved(folder: string): ArchiveContent {
  const images = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as readonly SavedImage[];
  return {
    texts: images.map(({ Config, RepoTags }) => ({
      image: RepoTags?.join() ?? Config,
      what: configuration,
      file: join(folder, Config),
    })),
    layers: [...new Set(images.flatMap(({ Layers }) => Layers))].map((layer) => join(folder, layer)),
  };
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index names manifests; a manifest names its configuration and its layers. */
interface OciDocument {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

function readLayout(folder: string): ArchiveContent {
  const texts: ArchivedText[] = [];
  const layers = new Set<string>();
  const read = (file: string, image: string): void => {
    texts.push({ image, what: "what describes it", file });
    const { manifests = [], config, layers: parts = [] } = JSON.parse(readFileSync(file, "utf8")) as OciDocument;
    for (const one of manifests) read(blobOf(folder, one), image === "" ? nameOf(one) : image);
    if (config !== undefined) texts.push({ image, what: configuration, file: blobOf(folder, config) });
    for (const part of parts) {
      if (part.mediaType.includes("tar")) layers.add(blobOf(folder, part));
      else texts.push({ image, what: "what is attested of it", file: blobOf(folder, part) });
    }
  };
  read(join(folder, "index.json"), "");
  return { texts, layers: [...layers] };
}

const blobOf = (folder: string, { digest }: Descriptor): string => join(folder, "blobs", digest.replace(":", "/"));

const nameOf = ({ annotations = {}, digest }: Descriptor): string =>
  annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"] ?? digest;
