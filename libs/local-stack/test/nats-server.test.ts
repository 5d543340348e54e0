import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { resolveNatsServer } from "../src/nats-binary.ts";
import { startNats } from "../src/nats-server.ts";
import { isRunning } from "../src/process-table.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const folder = makeScratchFolder("nats");

afterAll(() => rmSync(folder, { recursive: true }));

/** Sends JetStream API requests over the plain text protocol and returns the replies' JSON. */
function jetStream(port: number, subject: string, payload: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    const body = JSON.stringify(payload);
    let text = "";
    socket.once("error", reject);
    socket.on("data", (chunk) => {
      text += chunk.toString("utf8");
      const reply = /MSG reply 1 \d+\r\n(.*)\r\n/.exec(text)?.[1];
      if (reply === undefined) return;
      socket.destroy();
      resolve(JSON.parse(reply) as Record<string, unknown>);
    });
    socket.write(
      `CONNECT {"verbose":false}\r\nSUB reply 1\r\nPUB ${subject} reply ${Buffer.byteLength(body)}\r\n${body}\r\n`,
    );
  });
}

test("what JetStream acknowledged is there after kill -9 and a restart on the same port", async () => {
  const binary = await resolveNatsServer({});
  const nats = await startNats({ binary, dataDir: join(folder, "kept") });
  try {
    const { port, pid } = nats;
    await jetStream(port, "$JS.API.STREAM.CREATE.KEPT", { name: "KEPT", subjects: ["kept.>"], storage: "file" });
    expect(await jetStream(port, "kept.one", { n: 1 })).toMatchObject({ stream: "KEPT", seq: 1 });
    await nats.kill9();
    expect(isRunning(pid)).toBe(false);
    await nats.restart();
    expect([nats.port, nats.pid === pid]).toEqual([port, false]);
    expect(await jetStream(port, "kept.two", { n: 2 })).toMatchObject({ stream: "KEPT", seq: 2 });
  } finally {
    await nats.stop();
  }
}, 600_000);

test("a taken port is an error, not a server on another's port", async () => {
  const binary = await resolveNatsServer({});
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  try {
    await expect(startNats({ binary, dataDir: join(folder, "taken"), port })).rejects.toThrow(/did not start on port/);
  } finally {
    other.close();
  }
}, 600_000);

test("a server on PATH is taken when it is new enough, and passed over when it is too old", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const fake = (version: string): void => {
    writeFileSync(join(bin, "nats-server"), `#!/bin/sh\necho "nats-server: v${version}"\n`);
    chmodSync(join(bin, "nats-server"), 0o755);
  };
  const path = `${bin}:${process.env["PATH"]}`;
  fake("2.12.1");
  expect(await resolveNatsServer({ path })).toBe(join(bin, "nats-server"));
  fake("2.9.10");
  expect(await resolveNatsServer({ path })).toMatch(/nats-server-\d+\.\d+\.\d+$/);
}, 600_000);

test("a fetch that is impossible says what was tried and how to install the server, and leaves nothing behind", async () => {
  const empty = join(folder, "empty");
  const fetching = resolveNatsServer({ cacheDir: empty, path: "", ways: [] });
  await expect(fetching).rejects.toThrow(/Install it so that it is on PATH/);
  expect(readdirSync(empty)).toEqual([]);
});
