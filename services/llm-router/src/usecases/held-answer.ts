import type { BodyBudget } from "@topdog/http-kit/body-budget";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { AnswerSink } from "./answer-sink.ts";

export interface TakenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** All of it, without the comments that only this caller's connection needed. */
  readonly bytes: Buffer;
}

export interface HoldOptions {
  readonly maxBytes: number;
  /** Of what all held answers take together. */
  readonly budget: BodyBudget;
  /** The call goes on without its caller: somebody will ask for the answer again. */
  readonly outlivesCaller: boolean;
  /** Headers that this caller gets beside the answer's own. */
  readonly also?: Readonly<Record<string, string>>;
}

const isComment = (bytes: Buffer | string): boolean => typeof bytes === "string" && bytes.startsWith(":");
const nothing = (): void => undefined;

/**
 * Passes an answer on and keeps a copy of it, but holds back its last bytes until `letGo`: what must be kept before the caller has it
 * all can be. A plain answer is held back whole. A class: one object per call, with the state of a connection.
 */
export class HeldAnswer implements AnswerSink {
  readonly #inner: AnswerSink;
  readonly #options: HoldOptions;
  #head: { status: number; headers: Readonly<Record<string, string | number>> } | null = null;
  #isHeadOut = false;
  #copy: Buffer[] = [];
  #bytes = 0;
  #isTooLarge = false;
  /** The caller left, and the call goes on. */
  #isAlone = false;
  #isEnded = false;
  #last: Buffer | string | undefined;
  #usage: UsageConsumed | null = null;
  #onGone = nothing;
  #onDrain = nothing;

  constructor(inner: AnswerSink, options: HoldOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  /** Null unless the answer is whole, was a success, and is not too large. */
  taken(): TakenAnswer | null {
    if (!this.isWhole() || this.#isTooLarge || this.#head === null) return null;
    return { ...this.#head, bytes: Buffer.concat(this.#copy) };
  }

  /** A provider answered, and the answer came to its end. */
  isWhole(): boolean {
    return this.#isEnded && this.#usage?.outcome === "ok" && this.#head?.status === 200;
  }

  /** The rest goes out; `replaced` in place of a plain answer, or of a stream's last bytes. */
  letGo(replaced?: Buffer): void {
    this.#options.budget.give(this.#bytes);
    this.#bytes = 0;
    this.#copy = [];
    if (!this.#isEnded) return;
    const last = replaced ?? this.#last;
    if (!this.#isHeadOut && this.#head !== null) {
      const { status, headers } = this.#head;
      const length = replaced === undefined ? {} : { "content-length": replaced.length };
      this.#inner.head(status, { ...headers, ...length, ...this.#options.also });
    }
    this.#inner.end(last);
  }

  /** What the answer ended with. */
  last(): Buffer | string | undefined {
    return this.#last;
  }

  head(status: number, headers: Readonly<Record<string, string | number>>): void {
    this.#head = { status, headers };
    // A plain answer's length is in its head.
    if (headers["content-length"] !== undefined) return;
    this.#isHeadOut = true;
    this.#inner.head(status, { ...headers, ...this.#options.also });
  }

  write(bytes: Buffer | string): boolean {
    if (!isComment(bytes)) this.#keep(bytes);
    return this.#isAlone || this.#inner.write(bytes);
  }

  end(bytes?: Buffer | string): void {
    if (bytes !== undefined) this.#keep(bytes);
    this.#last = bytes;
    this.#isEnded = true;
  }

  cut(): void {
    this.#inner.cut();
    if (this.#mayGoOn()) this.#goOnAlone();
  }

  accountedFor(): void {
    this.#inner.accountedFor();
  }

  recorded(usage: UsageConsumed): void {
    this.#usage = usage;
    this.#inner.recorded(usage);
  }

  isGone(): boolean {
    return this.#mayGoOn() ? false : this.#inner.isGone();
  }

  isLost(): boolean {
    return this.isGone() && this.#inner.isLost();
  }

  onGone(act: () => void): void {
    this.#onGone = act;
    this.#inner.onGone(() => {
      if (this.#mayGoOn()) this.#goOnAlone();
      else act();
    });
  }

  onDrain(act: () => void): void {
    this.#onDrain = act;
    this.#inner.onDrain(act);
  }

  #mayGoOn(): boolean {
    return this.#options.outlivesCaller && !this.#isTooLarge;
  }

  #goOnAlone(): void {
    if (this.#isAlone) return;
    this.#isAlone = true;
    this.#onDrain();
  }

  #keep(bytes: Buffer | string): void {
    if (this.#isTooLarge) return;
    const copy = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    const { budget, maxBytes } = this.#options;
    if (this.#bytes + copy.length <= maxBytes && budget.take(copy.length)) {
      this.#bytes += copy.length;
      this.#copy.push(copy);
      return;
    }
    this.#isTooLarge = true;
    budget.give(this.#bytes);
    this.#bytes = 0;
    this.#copy = [];
    // Nobody can be given it any more.
    if (this.#isAlone) this.#onGone();
  }
}
