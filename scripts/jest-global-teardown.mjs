import { rmSync } from "node:fs";

/** Stops what the setup started: after a run no process and no folder is left. */
export default async function globalTeardown() {
  const { server, engines } = globalThis.topdogTestEngines;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (const engine of engines) {
    const started = await engine.started()?.catch(() => undefined);
    if (started === undefined) continue;
    await started.stop();
    for (const folder of started.folders) rmSync(folder, { recursive: true, force: true });
  }
}
