import type { AnswerHandler, OpenedCall, PendingCall } from "../call.ts";
import { chooseLink } from "./choose-link.ts";
import { GatewayCall } from "./gateway-call.ts";
import type { ReturnReason } from "./gateway-connection.ts";
import type { RouterGroup } from "./router-address.ts";
import { createLinkGroup, type LinkGroup } from "./router-group.ts";
import type { RouterLink, RouterLinkEvents, RouterLinkOptions } from "./router-link.ts";

export interface RouterLinksOptions extends RouterLinkOptions {
  readonly groups: readonly RouterGroup[];
  /** Time between two resolutions of a name. */
  readonly resolveIntervalMs: number;
  /** The addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly random: () => number;
  /** A call goes to another router, the first having done nothing. */
  onMoved(why: ReturnReason): void;
  onDown(host: string, cause: Error | undefined): void;
  onEjected(host: string, isEjected: boolean): void;
  onBug(error: unknown): void;
}

export interface LinkCounts {
  readonly ready: number;
  readonly ejected: number;
  readonly down: number;
}

/** The links of a gateway to all routers. */
export interface RouterLinks {
  /** Sends a call to a router, and to another one as long as none has done anything for it. */
  call(opened: OpenedCall, handler: AnswerHandler): PendingCall;
  counts(): LinkCounts;
  /** Ends all links, whatever runs on them. */
  stop(): void;
}

/** Routers that one call is given to at most. */
const maxTries = 4;
/** Calls that wait for a first connection. */
const maxWaiting = 10_000;

export function createRouterLinks(options: RouterLinksOptions): RouterLinks {
  const waiting = new Set<GatewayCall>();
  const placer = { forget: (call: GatewayCall) => void waiting.delete(call) };
  let lastCause: Error | undefined;
  let isStopped = false;

  const groups: LinkGroup[] = options.groups.map((group) =>
    createLinkGroup(group, {
      options,
      resolve: options.resolve,
      events: eventsOf(group),
      onLooked(error) {
        lastCause = error ?? lastCause;
        failIfHopeless();
      },
    }),
  );

  function place(call: GatewayCall, avoided: RouterLink | null): void {
    const link = chooseLink(groups, avoided, options.random);
    if (link !== null) return send(call, link);
    if (avoided !== null) return call.failed({ reason: "refused" });
    if (waiting.size >= maxWaiting || isStopped) return call.failed({ reason: "unreachable", cause: lastCause });
    waiting.add(call);
    for (const group of groups) {
      if (group.links.length === 0) group.resolve();
      for (const one of group.links) one.hurry();
    }
    failIfHopeless();
  }

  /** Calls wait only for an attempt that is being made. */
  function failIfHopeless(): void {
    if (waiting.size === 0) return;
    if (groups.some((group) => group.isResolving() || group.links.some((link) => link.isTrying()))) return;
    for (const call of takeWaiting()) call.failed({ reason: "unreachable", cause: lastCause });
  }

  function takeWaiting(): GatewayCall[] {
    const calls = [...waiting];
    waiting.clear();
    return calls;
  }

  function eventsOf({ host }: RouterGroup): RouterLinkEvents {
    return {
      onReady() {
        for (const call of takeWaiting()) place(call, null);
      },
      onDown(cause) {
        lastCause = cause ?? lastCause;
        if (!isStopped) options.onDown(host, cause);
        failIfHopeless();
      },
      onEjected: (isEjected) => options.onEjected(host, isEjected),
      hasOther: (than) =>
        groups.some((group) => group.links.some((one) => one !== than && one.isReady() && !one.isEjected())),
      onReturned(call, why, from) {
        options.onMoved(why);
        if (call.tries >= maxTries) return call.failed({ reason: "refused" });
        place(call, why === "refused" ? from : null);
      },
      onBug: (error) => options.onBug(error),
      onRetired: () => undefined,
    };
  }

  const resolveAll = (): void => {
    for (const group of groups) group.resolve();
  };
  resolveAll();
  const lookups = setInterval(resolveAll, options.resolveIntervalMs);

  return {
    call(opened, handler) {
      const call = new GatewayCall(opened, handler, placer);
      place(call, null);
      return call;
    },
    counts: () => countLinks(groups.flatMap((group) => group.links)),
    stop() {
      isStopped = true;
      clearInterval(lookups);
      for (const group of groups) group.stop();
      for (const call of takeWaiting()) call.failed({ reason: "unreachable", cause: lastCause });
    },
  };
}

function send(call: GatewayCall, link: RouterLink): void {
  try {
    link.open(call);
  } catch (error) {
    call.failed({ reason: "refused", cause: error instanceof Error ? error : new Error(String(error)) });
  }
}

function countLinks(links: readonly RouterLink[]): LinkCounts {
  const ready = links.filter((link) => link.isReady());
  const ejected = ready.filter((link) => link.isEjected()).length;
  return { ready: ready.length - ejected, ejected, down: links.length - ready.length };
}
