import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { readArchive } from "./archive-content.ts";
import { secretsIn } from "./secret-shapes.ts";

/** Files that no image needs, by their path: histories, settings of a machine, keys, what only tests read. */
const needless: Readonly<Record<string, RegExp>> = {
  "a git folder": /(?:^|\/)\.git(?:\/|$)/,
  "settings with secrets": /(?:^|\/)\.env(?:\.|$)/,
  "credentials of whoever built it":
    /(?:^|\/)(?:\.netrc|\.pgpass|\.docker\/config\.json|\.topdog|id_(?:rsa|ecdsa|ed25519))(?:\/|$)|^(?:app|root|src)\/(?:.*\/)?\.npmrc$/,
  "a secret of the build": /^run\/secrets\/./,
  "sources or tests of ours":
    /^app\/(?:.*\/@topdog\/[^/]+\/)?(?:src|test)\/|^app\/(?:dist|.*\/@topdog\/).*\.test\.[jt]s$/,
};

/** Libraries of the base image that carry the key of their self-test. */
const selfTested = /^usr\/lib\/[^/]+\/libgnutls\.so\./;

/**
 * Looks through the images of this archive: every layer, so also what a later one hides, and what is said of them: the configuration, the
 * history of the build, what is attested. A finding names image or layer, file, and what it looks like, and never repeats it.
 */
export function findLeaks(archive: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "topdog-image-"));
  try {
    execFileSync("tar", ["-xf", archive, "-C", folder]);
    const { texts, layers } = readArchive(folder);
    const said = texts.flatMap(({ image, what, file }) =>
      secretsIn(readFileSync(file, "utf8")).map((secret) => `${image}: ${what} holds ${secret}`),
    );
    return [...said, ...layers.flatMap((layer) => leaksOfLayer(folder, layer))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function leaksOfLayer(folder: string, layer: string): string[] {
  const content = join(folder, "layer");
  mkdirSync(content);
  execFileSync("tar", ["-xf", layer, "-C", content, "--exclude=dev/*"]);
  const found = [...pathsIn(content)].flatMap((file) => {
    const path = relative(content, file);
    const isThere = Object.entries(needless).flatMap(([what, pattern]) => (pattern.test(path) ? [what] : []));
    const isRead = lstatSync(file).isFile() && !selfTested.test(path);
    // Every byte is a character of latin1.
    const holds = isRead ? secretsIn(readFileSync(file, "latin1")).map((what) => `holds ${what}`) : [];
    return [...isThere.map((what) => `is ${what}`), ...holds].map((finding) => `${path} ${finding}`);
  });
  rmSync(content, { recursive: true, force: true });
  return found;
}

/** Links are not followed: packages lead to one another in circles. */
function* pathsIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    yield path;
    if (entry.isDirectory()) yield* pathsIn(path);
  }
}
