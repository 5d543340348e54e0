import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool, type Dispatcher } from "undici";

/** One request as it is sent to one instance. */
export interface SiblingAttempt extends Dispatcher.DispatchHandler {
  /** The instance has fallen silent, and this request has no answer yet. */
  onSilence(): void;
}

export interface InstanceOptions {
  readonly url: string;
  /** Of the URL's name, or the URL's own. */
  readonly address: string;
  readonly connectTimeoutMs: number;
  readonly connectionLifeMs: number;
  /** How long a probe waits, and from one probe to the next. */
  readonly probeMs: number;
  readonly onEjected: (address: string, isEjected: boolean) => void;
}

/** Shorter than the servers' own 75 s: we never write to a connection that the other side is about to close. */
const keepAliveMs = 30_000;

function addressUrl({ url, address }: InstanceOptions): URL {
  const one = new URL(url);
  one.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return one;
}

/**
 * The way to one process of a sibling service. It is probed only in doubt, so that an idle gateway asks nobody: one that a slow
 * answer makes doubtful and that answers its probe is merely slow; one that does not is ejected, and probed until it answers again.
 * A class: it is a state machine.
 */
export class SiblingInstance {
  readonly #options: InstanceOptions;
  readonly #host: string;
  readonly #pool: Pool;
  /** Requests without an answer's head. */
  readonly #unanswered = new Set<SiblingAttempt>();
  readonly #stopping = new AbortController();
  #isEjected = false;
  #isProbing = false;

  constructor(options: InstanceOptions) {
    this.#options = options;
    const { host, hostname } = new URL(options.url);
    this.#host = host;
    // The answer relay has its own timeouts: undici's would cut a silent stream. Connections are bounded by the requests in flight.
    this.#pool = new Pool(addressUrl(options), {
      connections: null,
      pipelining: 1,
      clientTtl: options.connectionLifeMs,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs, ...(isIP(hostname) === 0 ? { servername: hostname } : {}) },
    });
  }

  isEjected(): boolean {
    return this.#isEjected;
  }

  send(options: Dispatcher.DispatchOptions & { readonly headers: string[] }, attempt: SiblingAttempt): void {
    this.#unanswered.add(attempt);
    this.#pool.dispatch({ ...options, headers: ["host", this.#host, ...options.headers] }, attempt);
  }

  /** Its answer has begun, or will not come. */
  answered(attempt: SiblingAttempt): void {
    this.#unanswered.delete(attempt);
  }

  /** An answer takes long, or was broken off. */
  doubt(): void {
    if (!this.#isProbing) void this.#probe();
  }

  /** No connection came about. */
  unreachable(): void {
    this.#eject();
    this.doubt();
  }

  /** It is no instance any more: its requests end first. */
  async retire(): Promise<void> {
    this.#stopping.abort();
    await this.#pool.close();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#pool.destroy();
  }

  /** Whether it takes requests. */
  async isReady(timeoutMs: number): Promise<boolean> {
    return (await this.#ask("/readyz", timeoutMs)) === 200;
  }

  /** The status that it answers; null: nothing in time. */
  async #ask(path: "/livez" | "/readyz", timeoutMs: number): Promise<number | null> {
    try {
      const { statusCode, body } = await this.#pool.request({
        method: "GET",
        path,
        headers: { host: this.#host },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await body.dump();
      return statusCode;
    } catch {
      // Away, or too slow to be of use: that is the answer.
      return null;
    }
  }

  /** Until it answers. One that was in doubt and answers at once was never ejected. */
  async #probe(): Promise<void> {
    this.#isProbing = true;
    const { probeMs } = this.#options;
    const { signal } = this.#stopping;
    // Any answer shows that the process runs: what it cannot do without its database, it says itself.
    while (!signal.aborted && (await this.#ask("/livez", probeMs)) === null) {
      this.#eject();
      await sleep(probeMs, undefined, { signal }).catch(() => undefined);
    }
    this.#isProbing = false;
    if (!this.#isEjected || signal.aborted) return;
    this.#isEjected = false;
    this.#options.onEjected(this.#options.address, false);
  }

  #eject(): void {
    if (this.#stopping.signal.aborted) return;
    if (!this.#isEjected) {
      this.#isEjected = true;
      this.#options.onEjected(this.#options.address, true);
    }
    for (const attempt of this.#unanswered) attempt.onSilence();
  }
}
