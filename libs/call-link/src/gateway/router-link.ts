import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { SigningKey, TrustedKeys } from "../handshake.ts";
import type { LinkTls } from "../tls-files.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { GatewayConnection, type ReturnReason } from "./gateway-connection.ts";

export interface RouterLinkOptions {
  readonly key: SigningKey;
  readonly routers: TrustedKeys;
  readonly tls: LinkTls;
  /** From connecting until both sides have proved who they are. */
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** A router that has been silent for so long gets no calls while others answer. */
  readonly ejectAfterMs: number;
  /** Calls that a router has not begun to answer fail when it has been silent for so long and another one answers. */
  readonly loseAfterMs: number;
  /** A connection that has been silent for so long is closed. */
  readonly closeAfterMs: number;
}

export interface RouterLinkEvents {
  onReady(): void;
  /** An attempt to connect failed, or a connection was lost. */
  onDown(cause: Error | undefined): void;
  onEjected(isEjected: boolean): void;
  /** Whether another router answers. */
  hasOther(than: RouterLink): boolean;
  onReturned(call: GatewayCall, why: ReturnReason, from: RouterLink): void;
  onBug(error: unknown): void;
  /** A retired link has nothing left to do. */
  onRetired(link: RouterLink): void;
}

export interface RouterAddress {
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Whose certificate is expected. */
  readonly host: string;
}

const firstRestMs = 20;
const longestRestMs = 2000;
/** A tick that comes so many intervals late says that this process slept, not that the router did. */
const lateTickIntervals = 3;

function openSocket({ address: host, port, isTls, host: servername }: RouterAddress, tls: LinkTls): Socket {
  return isTls ? connectTls({ host, port, servername, minVersion: "TLSv1.3", ...tls }) : connect({ host, port });
}

/**
 * The way to one router: connects, connects again, and watches whether the router answers its pings. A class: it is a state
 * machine.
 */
export class RouterLink {
  readonly #to: RouterAddress;
  readonly #options: RouterLinkOptions;
  readonly #events: RouterLinkEvents;
  readonly #ticks: NodeJS.Timeout;
  #current: GatewayConnection | null = null;
  /** Connections that still carry calls and take no new ones. */
  readonly #draining = new Set<GatewayConnection>();
  #dialing: Socket | null = null;
  #rest: NodeJS.Timeout | null = null;
  #restMs = firstRestMs;
  #restSinceMs = 0;
  #isHurried = false;
  #isRetired = false;
  #isEjected = false;
  #lastTickMs = performance.now();

  constructor(to: RouterAddress, options: RouterLinkOptions, events: RouterLinkEvents) {
    this.#to = to;
    this.#options = options;
    this.#events = events;
    this.#ticks = setInterval(() => this.#tick(), options.pingIntervalMs);
    this.#dial();
  }

  isReady(): boolean {
    return this.#current !== null;
  }

  isEjected(): boolean {
    return this.#isEjected;
  }

  /** An attempt to connect is being made, or is about to be. */
  isTrying(): boolean {
    return this.#dialing !== null || this.#isHurried;
  }

  /** A call waits: starts the next attempt to connect without the usual pause. */
  hurry(): void {
    if (this.#current !== null || this.#dialing !== null || this.#isRetired || this.#isHurried) return;
    this.#isHurried = true;
    this.#restFor(Math.max(0, this.#restSinceMs + firstRestMs - performance.now()));
  }

  /** Calls on the connection that takes new ones. */
  inFlight(): number {
    return this.#current?.inFlight() ?? 0;
  }

  /** Only when ready. Throws RangeError for a call whose metadata fits no frame. */
  open(call: GatewayCall): void {
    if (this.#current === null) throw new Error("a link that is not ready carries no call");
    this.#current.open(call);
  }

  /** Takes no more calls and does not connect again; running calls end first. */
  retire(): void {
    this.#isRetired = true;
    this.#stopDialing();
    if (this.#current !== null) this.#draining.add(this.#current);
    this.#current = null;
    this.#endIfRetired();
  }

  /** Ends all its connections, whatever runs on them. */
  close(): void {
    this.#isRetired = true;
    this.#stopDialing();
    for (const connection of [this.#current, ...this.#draining]) connection?.destroy();
    this.#endIfRetired();
  }

  #dial(): void {
    this.#rest = null;
    this.#isHurried = false;
    const socket = openSocket(this.#to, this.#options.tls);
    this.#dialing = socket;
    let connection: GatewayConnection | null = null;
    let cause: Error | undefined;
    const deadline = setTimeout(() => {
      socket.destroy(new Error("connecting took too long"));
    }, this.#options.connectTimeoutMs);
    const failed = (error: Error | undefined): void => {
      clearTimeout(deadline);
      this.#dialing = null;
      this.#goDown(error);
    };
    socket.on("error", (error) => (cause ??= error));
    socket.once("close", () => {
      if (connection === null) failed(cause);
    });
    socket.once(this.#to.isTls ? "secureConnect" : "connect", () => {
      connection = this.#shakeHands(socket, deadline, (error) =>
        failed(error ?? cause ?? new Error("the router closed the connection")),
      );
    });
  }

  #shakeHands(
    socket: Socket,
    deadline: NodeJS.Timeout,
    onFailed: (error: Error | undefined) => void,
  ): GatewayConnection {
    const connection = new GatewayConnection(socket, {
      key: this.#options.key,
      routers: this.#options.routers,
      onReady: () => {
        clearTimeout(deadline);
        this.#dialing = null;
        this.#current = connection;
        this.#restMs = firstRestMs;
        this.#events.onReady();
      },
      onDraining: () => this.#replace(connection),
      onReturned: (call, why) => this.#events.onReturned(call, why, this),
      onBug: (error) => this.#events.onBug(error),
      onClosed: (error) => {
        if (this.#dialing === socket) onFailed(error);
        else this.#lose(connection, error);
      },
    });
    return connection;
  }

  /** The router goes away: perhaps another one comes up at its address. */
  #replace(connection: GatewayConnection): void {
    if (this.#current !== connection) return;
    this.#draining.add(connection);
    this.#current = null;
    this.#setEjected(false);
    this.#restFor(this.#restMs);
  }

  #lose(connection: GatewayConnection, cause: Error | undefined): void {
    this.#draining.delete(connection);
    if (this.#current !== connection) return this.#endIfRetired();
    this.#current = null;
    this.#setEjected(false);
    this.#goDown(cause);
  }

  #goDown(cause: Error | undefined): void {
    this.#restSinceMs = performance.now();
    if (!this.#isRetired) this.#restFor(this.#restMs * (0.5 + Math.random() / 2));
    this.#restMs = Math.min(this.#restMs * 2, longestRestMs);
    this.#events.onDown(cause);
    this.#endIfRetired();
  }

  #restFor(ms: number): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#dial(), ms);
  }

  #stopDialing(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#isHurried = false;
    this.#dialing?.destroy();
  }

  #setEjected(value: boolean): void {
    if (this.#isEjected === value) return;
    this.#isEjected = value;
    this.#events.onEjected(value);
  }

  #endIfRetired(): void {
    if (!this.#isRetired || this.#current !== null || this.#draining.size > 0 || this.#dialing !== null) return;
    clearInterval(this.#ticks);
    this.#events.onRetired(this);
  }

  #tick(): void {
    const nowMs = performance.now();
    const isLate = nowMs - this.#lastTickMs > this.#options.pingIntervalMs * lateTickIntervals;
    this.#lastTickMs = nowMs;
    for (const connection of [this.#current, ...this.#draining]) {
      if (connection === null) continue;
      if (isLate) connection.ping();
      else this.#watch(connection, nowMs);
    }
  }

  #watch(connection: GatewayConnection, nowMs: number): void {
    const silentMs = connection.silentMs(nowMs);
    if (silentMs >= this.#options.closeAfterMs) return connection.destroy(new Error("the router has fallen silent"));
    if (silentMs >= this.#options.loseAfterMs && this.#events.hasOther(this))
      connection.loseUnanswered(new Error("the router does not answer its pings"));
    if (connection === this.#current) this.#setEjected(silentMs >= this.#options.ejectAfterMs);
    else if (this.#isRetired && connection.inFlight() === 0) return connection.destroy();
    if (silentMs === 0) connection.ping();
  }
}
