import { z } from "zod";

/** Base64url of the position's JSON: the longest position is far shorter. */
const cursorText = /^[\w-]{1,400}$/;

export const toCursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString("base64url");

/**
 * A cursor holds the sort position of a page's last item, and names no row: none is looked up, so that a made-up cursor and
 * one made of somebody else's ids can only be compared with the caller's own rows.
 */
export const cursorOf = <Position extends z.ZodType>(position: Position) =>
  z
    .string()
    .regex(cursorText, "must be a cursor")
    .transform((text, context): z.output<Position> => {
      const parsed = position.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
      if (parsed.success) return parsed.data;
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
