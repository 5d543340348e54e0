import { inspect } from "node:util";
import { z } from "zod";
import { isPlaceholder, weaknessOf } from "./weak-secret.ts";

const redacted = "[redacted]";

/** Secret text: every way of printing it says "[redacted]"; only `reveal` returns it. */
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
export const secretSchema = z
  .string()
  .min(1)
  .refine((text) => !isPlaceholder(text), "is a placeholder")
  .transform(Secret.of);

/** As `secretSchema`, for a key that we make ourselves: it must be long and not easy to guess. */
export const secretOfLength = (minCharacters: number) =>
  z
    .string()
    .min(minCharacters, { abort: true })
    .superRefine((text, context) => {
      const message = weaknessOf(text);
      if (message !== null) context.addIssue({ code: "custom", message });
    })
    .transform(Secret.of);
