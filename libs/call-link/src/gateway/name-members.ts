import { isIP } from "node:net";

export interface NameMembersDeps<M> {
  /** The addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly open: (address: string) => M;
  /** The name does not stand for it any more: what runs there ends first. */
  readonly retire: (member: M) => void;
  /** The name has been resolved. */
  onLooked(error: Error | undefined): void;
}

/** One member for each address that a name stands for; an address stands for itself. */
export interface NameMembers<M> {
  readonly members: readonly M[];
  isResolving(): boolean;
  /** Resolves the name again. */
  resolve(): void;
  /** Opens and retires none any more. */
  stop(): void;
}

export function followName<M>(host: string, deps: NameMembersDeps<M>): NameMembers<M> {
  const isName = isIP(host) === 0;
  const byAddress = new Map<string, M>();
  let members: readonly M[] = [];
  let isResolving = false;
  let isStopped = false;

  function update(addresses: ReadonlySet<string>): void {
    for (const [address, member] of byAddress) {
      if (addresses.has(address)) continue;
      byAddress.delete(address);
      deps.retire(member);
    }
    for (const address of addresses) if (!byAddress.has(address)) byAddress.set(address, deps.open(address));
    members = [...byAddress.values()];
  }

  /** A name that is not found keeps its last addresses: a member that works is not given up for that. */
  async function look(): Promise<void> {
    let error: Error | undefined;
    try {
      const addresses = isName ? await deps.resolve(host) : [host];
      if (addresses.length > 0 && !isStopped) update(new Set(addresses));
    } catch (caught) {
      error = caught instanceof Error ? caught : new Error(String(caught));
    }
    isResolving = false;
    deps.onLooked(error);
  }

  return {
    get members() {
      return members;
    },
    isResolving: () => isResolving,
    resolve() {
      if (isResolving || isStopped || (!isName && members.length > 0)) return;
      isResolving = true;
      void look();
    },
    stop() {
      isStopped = true;
    },
  };
}
