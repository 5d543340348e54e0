import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { formatApiKey } from "@topdog/contracts/api-key";
import { createSecrets } from "../topdog/create-secrets.ts";
import { findLeaks } from "./leaks.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "topdog-leaks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Layer = Readonly<Record<string, string>>;

function write(file: string, text: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const layerFile = (files: Layer, index: number): string => {
  const content = join(folder, `layer-${index}`);
  for (const [path, text] of Object.entries(files)) write(join(content, path), text);
  const file = join(folder, `${index}.tar`);
  execFileSync("tar", ["-C", content, "-cf", file, "."]);
  return file;
};

const packed = (image: string): string => {
  const archive = join(folder, "image.tar");
  execFileSync("tar", ["-C", image, "-cf", archive, "."]);
  return archive;
};

/** An image of these layers, in the form of `docker save`. */
function archiveOf(layers: readonly Layer[], config: object = {}): string {
  const image = join(folder, "image");
  const names = layers.map((files, index) => {
    write(join(image, `${index}.tar`), readFileSync(layerFile(files, index)));
    return `${index}.tar`;
  });
  write(join(image, "config.json"), JSON.stringify(config));
  write(
    join(image, "manifest.json"),
    JSON.stringify([{ Config: "config.json", Layers: names, RepoTags: ["topdog/quota:1"] }]),
  );
  return packed(image);
}

/** The same as BuildKit writes it: an index of the image and of what is attested of it. */
function ociArchiveOf(layers: readonly Layer[], attested: object, config: object = {}): string {
  const image = join(folder, "image");
  const addBlob = (mediaType: string, content: string | Buffer): object => {
    const hex = createHash("sha256").update(content).digest("hex");
    write(join(image, "blobs/sha256", hex), content);
    return { mediaType: `application/vnd.${mediaType}`, digest: `sha256:${hex}` };
  };
  const addManifest = (parts: readonly object[], of: object): object =>
    addBlob(
      "oci.image.manifest.v1+json",
      JSON.stringify({ config: addBlob("oci.image.config.v1+json", JSON.stringify(of)), layers: parts }),
    );
  const parts = layers.map((files, index) =>
    addBlob("oci.image.layer.v1.tar+gzip", gzipSync(readFileSync(layerFile(files, index)))),
  );
  const statement = addBlob("in-toto+json", JSON.stringify(attested));
  const manifests = [addManifest(parts, config), addManifest([statement], {})];
  const index = addBlob("oci.image.index.v1+json", JSON.stringify({ manifests }));
  write(join(image, "index.json"), JSON.stringify({ manifests: [index] }));
  return packed(image);
}

const clean: Layer = {
  "app/dist/main.js": 'const url = "postgres://<user>:<password>@host"; // sk_test_… and -----BEGIN PRIVATE KEY-----',
  "app/node_modules/.pnpm/left@1/node_modules/left/src/index.js": "",
  "etc/ssl/certs/ca.pem": "-----BEGIN CERTIFICATE-----",
};
const key = formatApiKey(new Uint8Array(32).fill(7));

test("an image without any is clean", () => {
  expect(findLeaks(archiveOf([clean]))).toEqual([]);
});

test("every secret that we make is found, whatever file it is in, and is not repeated", () => {
  const made = createSecrets({ kid: "canary", database: "db:5432" }).flatMap(({ metadata, stringData }) =>
    Object.entries(stringData).map(([name, value]) => ({ path: `app/${metadata.name}-${name}`, value })),
  );
  // The rest are random letters without a shape; one of those in 150 begins as a bus seed does, so the whole form is asked for.
  const telling = made.filter(({ value }) => /^S[A-Z2-7]{57}$|"d":|"k":|^postgres:/.test(value));
  expect(telling.length).toBeGreaterThan(10);
  const found = findLeaks(
    archiveOf([clean, Object.fromEntries(telling.map(({ path, value }) => [path, `\0${value}\0`]))]),
  );
  for (const { path } of telling) expect(found.some((finding) => finding.startsWith(`${path} holds`))).toBe(true);
  for (const { value } of telling) expect(found.join()).not.toContain(value);
});

test.each([
  ["a key of a caller", key, "an API key"],
  ["a private key", generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), "(PEM)"],
  ["a key of Stripe", `STRIPE_SECRET_KEY=sk_live_${"a1".repeat(12)}`, "a secret of Stripe"],
  ["a webhook's secret", `whsec_${"a1".repeat(12)}`, "a secret of Stripe"],
  ["a key of a provider", `sk-ant-${"a1".repeat(16)}`, "a key of a provider"],
  ["a token", `ghp_${"a1".repeat(18)}`, "a token"],
])("%s is found, also where a later layer deletes the file", (_, value, what) => {
  const found = findLeaks(archiveOf([{ "tmp/canary": String(value) }, { "tmp/.wh.canary": "" }, clean]));
  expect(found).toEqual([expect.stringMatching(/^tmp\/canary holds /)]);
  expect(found[0]).toContain(what);
});

test.each([
  "app/.env",
  "app/.env.production",
  "src/services/quota/.env",
  "src/.git/HEAD",
  "app/test/setting.js",
  "app/dist/usecases/admit.test.js",
  "app/node_modules/.pnpm/@topdog+vault@1/node_modules/@topdog/vault/src/aead.ts",
  "root/.docker/config.json",
  "app/.npmrc",
  "run/secrets/ca",
])("%s is in no image", (path) => {
  expect(findLeaks(archiveOf([{ ...clean, [path]: "" }]))).toContainEqual(expect.stringContaining(`${path} is `));
});

test("links are not followed: packages lead to one another in circles", () => {
  mkdirSync(join(folder, "layer-0/app"), { recursive: true });
  for (const link of ["one", "other"]) symlinkSync(".", join(folder, "layer-0/app", link));
  expect(findLeaks(archiveOf([{ "app/canary": key }]))).toEqual(["app/canary holds an API key"]);
});

test("what the build was told, and says in its history, is looked at too", () => {
  const history = { history: [{ created_by: `ARG TOKEN=${key}` }] };
  expect(findLeaks(archiveOf([clean], history))).toEqual([expect.stringMatching(/topdog\/quota:1.*history.*API key/)]);
});

describe("an archive of BuildKit's", () => {
  const provenance = { predicate: { buildDefinition: { args: { SERVICE: "quota" } } } };

  test("without any secret is clean", () => {
    expect(findLeaks(ociArchiveOf([clean], provenance))).toEqual([]);
  });

  test("is looked through: its layers, its history, and what is attested of it", () => {
    const told = { predicate: { buildDefinition: { args: { TOKEN: key } } } };
    const history = { history: [{ created_by: `ARG TOKEN=${key}` }] };
    const found = findLeaks(ociArchiveOf([clean, { "app/canary": key }], told, history));
    expect(found.toSorted()).toEqual([
      "app/canary holds an API key",
      expect.stringMatching(/^sha256:\w+: the configuration or its history holds an API key$/),
      expect.stringMatching(/^sha256:\w+: what is attested of it holds an API key$/),
    ]);
  });

  test("without a layer is refused: what is not understood is not clean", () => {
    expect(() => findLeaks(ociArchiveOf([], provenance))).toThrow("holds no layer");
  });
});
