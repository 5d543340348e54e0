import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folders = ["src", "build", "public", "../../libs/contracts/src"];
const files = ["package.json", "vite.config.ts", "../../pnpm-lock.yaml"];

/** Changes with whatever a build depends on. */
export function hashSources(root: string): string {
  const hash = createHash("sha256").update(process.version);
  const names = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const name of [...names.toSorted(), ...files.map((file) => join(root, file))])
    hash.update(name.slice(root.length)).update(readFileSync(name));
  return hash.digest("hex");
}
