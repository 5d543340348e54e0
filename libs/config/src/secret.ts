import { inspect } from "node:util";
import { z } from "zod";

const redacted = "[redacted]";

/** Text that must not be seen: every way of printing it says "[redacted]"; only `reveal` gives it away. */
export class Secret {
  readonly #value: string;

  private constructor(value: string) {
    this.#value = value;
  }

  static of(this: void, value: string): Secret {
    return new Secret(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/** A zod string that becomes a Secret. */
export const secretSchema = z.string().min(1).transform(Secret.of);

/** As `secretSchema`, for a key whose strength depends on its length in characters. */
export const secretOfLength = (minCharacters: number) => z.string().min(minCharacters).transform(Secret.of);
