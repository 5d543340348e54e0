/** Where a call's answer goes: the caller's connection, whatever carries it. Nothing here throws once the caller is gone. */
export interface AnswerSink {
  /** Sends the head; once, before anything else. */
  head(status: number, headers: Readonly<Record<string, string | number>>): void;
  /** False: write no more until `onDrain`. */
  write(bytes: Buffer | string): boolean;
  end(bytes?: Buffer | string): void;
  /** Ends the answer at once and unfinished: the caller sees that it is not whole. */
  cut(): void;
  /** This router has not recorded the call: the gateway, which charged it, must publish its usage. Before the head. */
  markUnmetered(): void;
  /** The caller went before the answer's end, or was cut off. */
  isGone(): boolean;
  /** What to do when the caller goes, at once if it is gone; replaces what was to be done before. */
  onGone(act: () => void): void;
  /** What to do when writing may go on; replaces what was to be done before. */
  onDrain(act: () => void): void;
}
