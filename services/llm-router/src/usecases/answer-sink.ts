import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";

/** Where a call's answer goes: the caller's connection, whatever carries it. Nothing here throws once the caller is gone. */
export interface AnswerSink {
  /** Sends the head; once, before anything else. */
  head(status: number, headers: Readonly<Record<string, string | number>>): void;
  /** False: write no more until `onDrain`. */
  write(bytes: Buffer | string): boolean;
  end(bytes?: Buffer | string): void;
  /** Ends the answer at once and unfinished: the caller sees that it is not whole. */
  cut(): void;
  /**
   * The call is in the spool: this router accounts for it, whatever happens from here on. If this is not said before the
   * end, the gateway, which charged the call, publishes its usage.
   */
  accountedFor(): void;
  /** The usage that is in the spool, or will be as soon as the disk lets it. Before the end. */
  recorded(usage: UsageConsumed): void;
  /** The caller went before the answer's end, or was cut off. */
  isGone(): boolean;
  /** The caller is gone because a gateway was lost, or its last calls were cut: through no choice of theirs. */
  isLost(): boolean;
  /** What to do when the caller goes, at once if it is gone; replaces what was to be done before. */
  onGone(act: () => void): void;
  /** What to do when writing may go on; replaces what was to be done before. */
  onDrain(act: () => void): void;
}
