import { followName } from "@topdog/call-link/gateway/name-members";
import { SiblingInstance } from "./sibling-instance.ts";

export interface SiblingPoolOptions {
  /** Of one service; a name stands for all its addresses. */
  readonly urls: readonly string[];
  readonly connectTimeoutMs: number;
  /** The addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly onEjected: (address: string, isEjected: boolean) => void;
  /** A connection takes no new call after this long; a standard one when absent. */
  readonly connectionLifeMs?: number;
  /** Time between two resolutions of a name; a standard one when absent. */
  readonly resolveIntervalMs?: number;
  /** How long a probe waits, and from one probe to the next; a standard one when absent. */
  readonly probeMs?: number;
}

/** The instances of one sibling service. */
export interface SiblingPool {
  /**
   * The next one in turn: of those that were not tried, one that answers its probes if there is one; then one that was tried already. Null
   * while the name is unknown.
   */
  choose(tried: readonly SiblingInstance[]): SiblingInstance | null;
  /** How many of them get no requests while others answer. */
  ejected(): number;
  /** Whether one of them takes requests. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Where a name has one address for many instances, a balancer chooses one for each connection: with endless connections a new
 * instance would get no calls, and one that a release has switched away from would keep them.
 */
const standardConnectionLifeMs = 10_000;
const standardResolveIntervalMs = 5_000;
const standardProbeMs = 1_000;
const readyTimeoutMs = 2_000;

export function createSiblingPool({
  urls,
  resolve,
  connectTimeoutMs,
  onEjected,
  connectionLifeMs = standardConnectionLifeMs,
  resolveIntervalMs = standardResolveIntervalMs,
  probeMs = standardProbeMs,
}: SiblingPoolOptions): SiblingPool {
  /** Retired ones too, until their last request is over. */
  const all = new Set<SiblingInstance>();
  const groups = urls.map((url) => {
    const open = (address: string): SiblingInstance => {
      const instance = new SiblingInstance({ url, address, connectTimeoutMs, connectionLifeMs, probeMs, onEjected });
      all.add(instance);
      return instance;
    };
    const retire = (instance: SiblingInstance): void => {
      void instance.retire().finally(() => all.delete(instance));
    };
    return followName(new URL(url).hostname.replace(/^\[|\]$/g, ""), {
      resolve,
      open,
      retire,
      onLooked: () => undefined,
    });
  });
  const instances = (): SiblingInstance[] => groups.flatMap((group) => group.members);
  const lookAll = (): void => groups.forEach((group) => group.resolve());
  lookAll();
  const lookups = setInterval(lookAll, resolveIntervalMs);
  let turn = 0;

  return {
    choose(tried) {
      const known = instances();
      if (known.length === 0) lookAll();
      turn = (turn + 1) % Math.max(known.length, 1);
      const inTurn = [...known.slice(turn), ...known.slice(0, turn)];
      const untried = inTurn.filter((one) => !tried.includes(one));
      return untried.find((one) => !one.isEjected()) ?? untried[0] ?? inTurn[0] ?? null;
    },
    ejected: () => instances().filter((one) => one.isEjected()).length,
    isReady: async () => (await Promise.all(instances().map((one) => one.isReady(readyTimeoutMs)))).includes(true),
    close: async () => {
      clearInterval(lookups);
      for (const group of groups) group.stop();
      await Promise.all([...all].map((one) => one.close()));
    },
  };
}
