import type { ServerResponse } from "node:http";
import type {
  AnswerHandler,
  AnswerHead,
  CallFailure,
  CallReport,
  OpenedCall,
  PendingCall,
} from "@topdog/call-link/call";
import type { RouterLinks } from "@topdog/call-link/gateway/router-links";
import { AnswerRelay, type AnswerSource, type RelayDeps, type RelayHooks } from "./answer-relay.ts";

export interface LinkRelayDeps extends RelayDeps {
  readonly links: RouterLinks;
}

export interface LinkRelayHooks extends RelayHooks {
  /** The router's answer begins. Returns all headers for the client; names and values alternate. */
  onHead(head: AnswerHead): string[];
  /**
   * Once, and perhaps after the client has gone: what the router says of the call; null when none accounts for it. Before
   * `onEnd`, unless the client or a deadline ended the exchange.
   */
  onSettled(settled: Settlement): void;
}

export interface Settlement {
  /** A router accounts for the call. If not, the gateway does. */
  readonly isAccountedFor: boolean;
  readonly report: CallReport | null;
}

const eventStream = "text/event-stream";

/** Sends one call over the link and relays its answer. A class, for it is the link's handler in one object per call. */
export class LinkRelay implements AnswerHandler, AnswerSource {
  readonly #hooks: LinkRelayHooks;
  readonly #answer: AnswerRelay;
  #pending: PendingCall | null = null;
  #isAccountedFor = false;

  constructor(deps: LinkRelayDeps, call: OpenedCall, res: ServerResponse, hooks: LinkRelayHooks) {
    this.#hooks = hooks;
    this.#answer = new AnswerRelay(deps, res, hooks, this);
    this.#pending = deps.links.call(call, this);
  }

  clientGone(): void {
    this.#answer.clientGone();
  }

  interrupt(): void {
    this.#answer.interrupt();
  }

  resume(): void {
    this.#pending?.resume();
  }

  abort(): void {
    this.#pending?.cancel();
  }

  onHead(head: AnswerHead): void {
    this.#isAccountedFor = head.isAccountedFor;
    if (this.#answer.isEnded()) return;
    const { status, headers } = head;
    const type = headers.indexOf("content-type");
    const isEventStream = type >= 0 && headers[type + 1]?.startsWith(eventStream) === true;
    this.#answer.head(status, this.#hooks.onHead(head), isEventStream);
  }

  onData(bytes: Buffer): boolean {
    return this.#answer.data(bytes);
  }

  onEnd(report: CallReport): void {
    this.#settle(report);
    this.#answer.complete();
  }

  onFail(failure: CallFailure): void {
    this.#settle(failure.reason === "cut" ? failure.report : null);
    if (failure.reason === "cancelled") return;
    this.#answer.failed(failure.reason === "cut" ? "reset" : failure.reason, failure.cause);
  }

  #settle(report: CallReport | null): void {
    // A router that begins to answer a call has it on its disk, and accounts for it even if it dies.
    this.#hooks.onSettled({ isAccountedFor: report?.recorded ?? this.#isAccountedFor, report });
  }
}
