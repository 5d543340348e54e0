import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const keysSchema = z.object({
  userKey: z.string(),
  teamsOwnerKey: z.string(),
  teamsMemberKey: z.string(),
  password: z.string().optional(),
});

/** The keys kept by an earlier seed; null when the file is missing or not ours. */
export async function readKeyFile(path: string): Promise<z.infer<typeof keysSchema> | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return keysSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Replaces the file as a whole; it is never readable by others, not even for a moment. */
export async function writeKeyFile(path: string, content: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}
