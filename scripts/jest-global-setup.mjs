import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../", import.meta.url);

/**
 * Serves the tests' engines over HTTP to Jest's workers: Postgres is started, nats-server looked for and the bus's keys are made when the first test
 * asks. A run of unit tests alone waits for neither. The sources are imported as they are: this runs before any build.
 */
export default async function globalSetup() {
  const engines = {
    postgres: lazily(startPostgresServer),
    nats: lazily(findNatsServer),
    "bus-keys": lazily(makeBusKeys),
  };
  const server = createServer((request, response) => {
    void answer(engines[request.url?.slice(1) ?? ""], response);
  });
  server.requestTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.TOPDOG_TEST_ENGINES = `http://127.0.0.1:${server.address().port}`;
  globalThis.topdogTestEngines = { server, ...engines };
}

function lazily(start) {
  let started;
  return { get: () => (started ??= start()), started: () => started };
}

async function answer(engine, response) {
  response.setHeader("content-type", "application/json");
  try {
    const { value } = await engine.get();
    response.end(JSON.stringify({ value }));
  } catch (error) {
    response.end(JSON.stringify({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  }
}

async function startPostgresServer() {
  const { startPostgres } = await import(new URL("libs/local-stack/src/postgres.ts", root));
  const dataDir = mkdtempSync(join(tmpdir(), "topdog-test-postgres-"));
  // No test kills this server, so nothing need reach the disk; a test that kills one starts its own, with fsync.
  const settings = { max_connections: "300", fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
  const postgres = await startPostgres({ dataDir, settings });
  return { value: postgres.adminUrl, stop: () => postgres.stop("immediate"), folders: [postgres.home, dataDir] };
}

async function findNatsServer() {
  const { resolveNatsServer } = await import(new URL("libs/local-stack/src/nats-binary.ts", root));
  return { value: await resolveNatsServer({}) };
}

/** Of every service, and of the test's own connection. */
async function makeBusKeys() {
  const { busPublicKey, newBusSeed } = await import(new URL("libs/local-stack/src/bus-keys.ts", root));
  const { busUserNames } = await import(new URL("libs/contracts/src/bus-access.ts", root));
  const keys = [...busUserNames, "test"].map((name) => {
    const seed = newBusSeed();
    return [name, { seed, publicKey: busPublicKey(seed) }];
  });
  return { value: JSON.stringify(Object.fromEntries(keys)) };
}
