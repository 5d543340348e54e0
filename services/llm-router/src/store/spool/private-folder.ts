import { chmodSync, mkdirSync, statSync } from "node:fs";

const ownerOnly = 0o700;
const groupAndOthers = 0o077;

/** Of the files in the spool: usage names users and orgs, so nobody but this process's user reads it. */
export const privateFileMode = 0o600;

/**
 * Makes the folder for this user alone, whatever the umask, and takes the rights of others from one that exists. Throws
 * where that is refused: the root of a mounted volume usually belongs to root.
 */
export function openPrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: ownerOnly });
  if ((statSync(folder).mode & groupAndOthers) === 0) return;
  try {
    chmodSync(folder, ownerOnly);
  } catch (error) {
    const advice = "name a folder that this process's user owns, such as one below the volume's root";
    throw new Error(`other users may open the spool folder ${folder}: ${advice}`, { cause: error });
  }
}
