import { z } from "zod";

/** An id of ours: `usr_…`, `org_…`, `key_…`. */
export const idSchema = z.string().regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -");

const maxNameLength = 100;
/**
 * No control characters (NUL, which Postgres refuses, among them), line separators, halves of surrogate pairs, or marks
 * that change the order in which text is shown.
 */
const printableLine = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u;
/** As a printable line, with something in it that is seen: marks, blanks of any width and joiners alone are a name that nobody can read. */
const visibleLine =
  /^(?=[\s\S]*[\p{L}\p{N}\p{P}\p{S}])[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\u115F\u1160\u2800\u3164\uFFA0]*$/u;

/** One line of visible text, as it is. */
export const lineSchema = (maxLength: number) =>
  z.string().min(1).max(maxLength).regex(printableLine, "must be one line without control characters");

/** A name that a person gives: one line of visible text. Spaces around it are dropped. */
export const nameSchema = z
  .string()
  .trim()
  // One reason is enough: what is empty has nothing to be seen either.
  .min(1, { abort: true })
  .max(maxNameLength)
  .regex(visibleLine, "must be one line of visible text without control characters");

const maxEmailLength = 254;

/** An email address, in lower case: two that differ in case are the same account. */
export const emailSchema = z.string().trim().toLowerCase().max(maxEmailLength).pipe(z.email());
