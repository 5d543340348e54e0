import type { Job } from "@topdog/service/job";
import { keepAlive, type LiveDeps } from "../usecases/open-live-stream.ts";
import type { PlatformWatch } from "../usecases/watch-platform.ts";

const aliveEveryMs = 15_000;
const lookEveryMs = 10_000;

/** What pages that listen, and the status page, need now and then. */
export const liveJobs = (live: LiveDeps, watch: PlatformWatch): Job[] => [
  {
    name: "live streams",
    intervalMs: aliveEveryMs,
    timeoutMs: aliveEveryMs,
    owner: "each",
    run: () => keepAlive(live),
  },
  { name: "platform status", intervalMs: lookEveryMs, timeoutMs: lookEveryMs, owner: "each", run: () => watch.look() },
];
