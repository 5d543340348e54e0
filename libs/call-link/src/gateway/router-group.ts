import { isIP } from "node:net";
import type { WeightedLinks } from "./choose-link.ts";
import type { RouterGroup } from "./router-address.ts";
import { RouterLink, type RouterLinkEvents, type RouterLinkOptions } from "./router-link.ts";

export interface GroupDeps {
  readonly options: RouterLinkOptions;
  /** The addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly events: RouterLinkEvents;
  /** The name has been resolved. */
  onLooked(error: Error | undefined): void;
}

/** The links to all routers that one name stands for. */
export interface LinkGroup extends WeightedLinks {
  isResolving(): boolean;
  /** Resolves the name again. */
  resolve(): void;
  stop(): void;
}

export function createLinkGroup(group: RouterGroup, deps: GroupDeps): LinkGroup {
  const isName = isIP(group.host) === 0;
  const byAddress = new Map<string, RouterLink>();
  /** Retired links too, until their last call is over. */
  const all = new Set<RouterLink>();
  let links: readonly RouterLink[] = [];
  let isResolving = false;
  let isStopped = false;
  const events: RouterLinkEvents = { ...deps.events, onRetired: (link) => void all.delete(link) };

  function update(addresses: ReadonlySet<string>): void {
    for (const [address, link] of byAddress) {
      if (addresses.has(address)) continue;
      byAddress.delete(address);
      link.retire();
    }
    for (const address of addresses) {
      if (byAddress.has(address)) continue;
      const link = new RouterLink({ address, ...group }, deps.options, events);
      byAddress.set(address, link);
      all.add(link);
    }
    links = [...byAddress.values()];
  }

  /** A name that is not found keeps its last addresses: a link that works is not given up for that. */
  async function look(): Promise<void> {
    let error: Error | undefined;
    try {
      const addresses = isName ? await deps.resolve(group.host) : [group.host];
      if (addresses.length > 0 && !isStopped) update(new Set(addresses));
    } catch (caught) {
      error = caught instanceof Error ? caught : new Error(String(caught));
    }
    isResolving = false;
    deps.onLooked(error);
  }

  return {
    weight: group.weight,
    get links() {
      return links;
    },
    isResolving: () => isResolving,
    resolve() {
      if (isResolving || isStopped || (!isName && links.length > 0)) return;
      isResolving = true;
      void look();
    },
    stop() {
      isStopped = true;
      for (const link of all) link.close();
    },
  };
}
