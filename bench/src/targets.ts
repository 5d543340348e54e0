import { startBareProxy } from "./child.ts";
import { createManyKeys } from "./many-keys.ts";
import type { Target, TargetName } from "./measure.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { startPortkey } from "./portkey.ts";
import type { Workload } from "./workload.ts";

/** Sixty streams at once need so many: a seat-holder of Enterprise has six concurrent requests. */
const customers = 12;
const noKeys = (): Promise<readonly string[]> => Promise.resolve(["none"]);

export interface Targets {
  readonly all: readonly Target[];
  readonly platform: Platform | null;
}

/** Starts what was asked for; each thing started is handed to `onStarted` with how it is stopped. */
export async function startTargets(
  names: readonly TargetName[],
  providerPort: number,
  progress: (line: string) => void,
  onStarted: (stop: () => void | Promise<void>) => void,
): Promise<Targets> {
  const all: Target[] = [];
  let platform: Platform | null = null;
  for (const name of names) {
    if (name === "topdog") {
      platform = await startPlatform(providerPort, customers, progress);
      onStarted(platform.stop);
      all.push(platformTarget(platform));
    } else if (name === "portkey") {
      const portkey = await startPortkey(providerPort);
      onStarted(portkey.stop);
      const processes = () => ({ portkey: portkey.pid });
      all.push({ name, port: portkey.port, headers: portkey.headers, keysFor: noKeys, processes });
    } else {
      all.push(await bareTarget(name, providerPort, onStarted));
    }
  }
  return { all, platform };
}

async function bareTarget(
  name: "bare" | "bare2",
  providerPort: number,
  onStarted: (stop: () => void) => void,
): Promise<Target> {
  const last = await startBareProxy(providerPort);
  onStarted(last.stop);
  if (name === "bare") {
    return { name, port: last.port, headers: {}, keysFor: noKeys, processes: () => ({ proxy: last.pid }) };
  }
  const first = await startBareProxy(last.port);
  onStarted(first.stop);
  const processes = () => ({ "first proxy": first.pid, "second proxy": last.pid });
  return { name, port: first.port, headers: {}, keysFor: noKeys, processes };
}

function platformTarget(platform: Platform): Target {
  const made = new Map<number, Promise<readonly string[]>>();
  const keysFor = ({ randomKeys }: Workload): Promise<readonly string[]> => {
    if (randomKeys === null || randomKeys <= customers)
      return Promise.resolve(platform.keys.slice(0, randomKeys ?? customers));
    const keys = made.get(randomKeys) ?? createManyKeys(platform.stack, randomKeys);
    made.set(randomKeys, keys);
    return keys;
  };
  return { name: "topdog", port: platform.gatewayPort, headers: {}, keysFor, processes: platform.processes };
}
