import { z } from "zod";
import type { UsagePosition } from "../domain/usage-query.ts";

/** Base64url of the position's JSON: the longest position is shorter. */
const cursorText = /^[\w-]{1,4000}$/;
const positionSchema = z.array(z.string().max(200)).min(1).max(7);

export const toUsageCursor = (position: UsagePosition): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/** The place of a page's last line in the order of its answer. It names no row: it is compared with lines that the caller may see. */
export const usageCursor = z
  .string()
  .regex(cursorText, "must be a cursor")
  .transform((text, context): UsagePosition => {
    const parsed = positionSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
    // Postgres takes no NUL in a text.
    if (parsed.success && parsed.data.every((part) => !part.includes("\0"))) return parsed.data;
    context.addIssue({ code: "custom", message: "must be a cursor" });
    return z.NEVER;
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
