import { randomUUID } from "node:crypto";
import { chmodSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { privateFileMode } from "./private-folder.ts";

const answerTimeoutMs = 1000;
const recheckMs = 50;

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

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/**
 * Linux: a socket without a file, named after the folder; the kernel gives it to one process and frees it when that dies.
 * It holds within one network namespace; the socket file below also tells containers apart that share a volume.
 */
async function takeName(folder: string, token: string): Promise<Server | null> {
  if (process.platform !== "linux") return null;
  const { dev, ino } = statSync(folder);
  const server = await bind(`\0topdog-spool-${dev}-${ino}`, token);
  if (server === null) throw owned(folder);
  return server;
}

const owned = (folder: string): Error => new Error(`another process owns the spool folder ${folder}`);

/** A socket file that refuses connections is a dead owner's: it is replaced. */
async function takeFile(folder: string, token: string): Promise<Server> {
  const path = join(folder, "owner.sock");
  let server = await bind(path, token);
  if (server === null) {
    if ((await askOwner(path)) !== null) throw owned(folder);
    rmSync(path, { force: true });
    server = await bind(path, token);
  }
  // Another process that saw the same dead owner may have replaced our file by its own: then it is the owner. Our server is left
  // open, since closing it would remove the file, which is the other's now; it keeps no process alive.
  await new Promise((resolve) => setTimeout(resolve, recheckMs));
  if (server === null || (await askOwner(path)) !== token) throw owned(folder);
  chmodSync(path, privateFileMode);
  return server;
}

/** Exclusive ownership of a folder, freed by the kernel when this process dies in any way. Rejects when a live one has it. */
export async function lockFolder(folder: string): Promise<OwnerLock> {
  const token = randomUUID();
  const name = await takeName(folder, token);
  try {
    const file = await takeFile(folder, token);
    return {
      async release() {
        await close(file);
        if (name !== null) await close(name);
      },
    };
  } catch (error) {
    if (name !== null) await close(name);
    throw error;
  }
}
