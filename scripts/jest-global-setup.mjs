import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const cacheDir = fileURLToPath(new URL(".topdog/tools", root));

/**
 * Serves the tests' engines over HTTP to Jest's workers: Postgres is started, and nats-server looked for, when the first test
 * asks. A run of unit tests alone waits for neither. The sources are imported as they are: this runs before any build.
 */
export default async function globalSetup() {
  const engines = { postgres: lazily(startPostgresServer), nats: lazily(findNatsServer) };
  const server = createServer(async (request, response) => {
    const engine = engines[request.url?.slice(1) ?? ""];
    response.setHeader("content-type", "application/json");
    try {
      if (engine === undefined) throw new Error(`unknown engine ${request.url}`);
      const { value } = await engine.get();
      response.end(JSON.stringify({ value }));
    } catch (error) {
      response.end(JSON.stringify({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
    }
  });
  server.requestTimeout = 0;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.TOPDOG_TEST_ENGINES = `http://127.0.0.1:${server.address().port}`;
  globalThis.topdogTestEngines = { server, engines: Object.values(engines) };
}

function lazily(start) {
  let started;
  return { get: () => (started ??= start()), started: () => started };
}

async function startPostgresServer() {
  const { startPostgres } = await import(new URL("libs/local-stack/src/postgres.ts", root));
  const { makeScratchFolder } = await import(new URL("libs/local-stack/src/scratch-folder.ts", root));
  const dataDir = makeScratchFolder("test-postgres");
  const postgres = await startPostgres({ dataDir, settings: { max_connections: "300" } });
  return { value: postgres.adminUrl, stop: () => postgres.stop("immediate"), folders: [postgres.home, dataDir] };
}

async function findNatsServer() {
  const { resolveNatsServer } = await import(new URL("libs/local-stack/src/nats-server.ts", root));
  return { value: await resolveNatsServer({ cacheDir }), stop: async () => {}, folders: [] };
}
