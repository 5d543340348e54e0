import type { WeightedLinks } from "./choose-link.ts";
import { followName } from "./name-members.ts";
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
  /** Retired links too, until their last call is over. */
  const all = new Set<RouterLink>();
  const events: RouterLinkEvents = { ...deps.events, onRetired: (link) => void all.delete(link) };
  const routers = followName<RouterLink>(group.host, {
    resolve: deps.resolve,
    open(address) {
      const link = new RouterLink({ address, ...group }, deps.options, events);
      all.add(link);
      return link;
    },
    retire: (link) => link.retire(),
    onLooked: (error) => deps.onLooked(error),
  });
  return {
    weight: group.weight,
    get links() {
      return routers.members;
    },
    isResolving: () => routers.isResolving(),
    resolve: () => routers.resolve(),
    stop() {
      routers.stop();
      for (const link of all) link.close();
    },
  };
}
