import type { Standing } from "./permissions.ts";

export interface Org {
  readonly id: string;
  readonly name: string;
  readonly ownerUserId: string;
  readonly version: number;
  readonly createdAt: Date;
}

export interface Member extends Standing {
  readonly orgId: string;
  readonly version: number;
  readonly activatedAt: Date | null;
  readonly createdAt: Date;
}

/** One page of a list; the cursor is the id to continue after, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Cuts a page out of `limit + 1` rows read. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
