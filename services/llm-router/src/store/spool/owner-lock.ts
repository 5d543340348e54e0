import { randomUUID } from "node:crypto";
import { statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";

const answerTimeoutMs = 1000;
const recheckMs = 50;
const maxTakeovers = 5;

export interface OwnerLock {
  release(): Promise<void>;
}

function bind(path: string, token: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(token);
    });
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(path, () => resolve(server));
    server.unref();
  });
}

/** The token of the live process that listens at `path`; null when nobody does. A paused owner counts as alive. */
function askOwner(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let token = "";
    socket.setTimeout(answerTimeoutMs, () => {
      socket.destroy();
      resolve("an owner that does not answer");
    });
    socket.on("data", (chunk) => (token += chunk.toString("utf8")));
    socket.on("end", () => resolve(token));
    socket.on("error", () => resolve(null));
  });
}

const inodeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.ino ?? null;

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/**
 * Exclusive ownership of a folder: a listening unix socket inside it. The kernel closes it when the process dies in any
 * way, so a socket file that refuses connections is stale. Rejects when another live process owns the folder.
 */
export async function lockFolder(folder: string): Promise<OwnerLock> {
  const path = join(folder, "owner.sock");
  const token = randomUUID();
  for (let attempt = 0; attempt < maxTakeovers; attempt++) {
    const server = await bind(path, token);
    if (server === null) {
      const inode = inodeOf(path);
      if ((await askOwner(path)) !== null) throw new Error(`another process owns the spool folder ${folder}`);
      // Only the file that was seen stale may go: a rival may have replaced it meanwhile.
      if (inode !== null && inodeOf(path) === inode) unlinkSync(path);
      continue;
    }
    // A rival that unlinked just after us has put its own socket there: then it is the owner, not we.
    await new Promise((resolve) => setTimeout(resolve, recheckMs));
    if ((await askOwner(path)) === token) return { release: () => close(server) };
    await close(server);
  }
  throw new Error(`could not take ownership of the spool folder ${folder}`);
}
