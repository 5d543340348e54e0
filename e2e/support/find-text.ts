import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    // It ended, was deleted, or is a socket.
    return null;
  }
}

/** Every file below a folder that holds one of the texts, in any of its usual encodings. */
export function filesWith(folder: string, texts: readonly string[]): string[] {
  const wanted = texts.flatMap(formsOf);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
    .filter((file) => holds(read(file), wanted));
}

/** Processes of this user whose environment or command line holds one of the texts. */
export function processesWith(texts: readonly string[]): string[] {
  const wanted = texts.flatMap(formsOf);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`])
    .filter((file) => holds(read(file), wanted));
}

export const holdsAny = (bytes: Buffer, texts: readonly string[]): boolean => holds(bytes, texts.flatMap(formsOf));

const formsOf = (text: string): string[] => [
  text,
  Buffer.from(text).toString("hex"),
  Buffer.from(text).toString("base64").replaceAll("=", ""),
  encodeURIComponent(text),
];
const holds = (bytes: Buffer | null, wanted: readonly string[]): boolean =>
  bytes !== null && wanted.some((text) => bytes.includes(text));
