import type { Database } from "@topdog/postgres/pool";
import { rewrap } from "@topdog/vault/envelope";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import { read } from "./change.ts";
import { countByKey, listWrappedByOthers, replaceWrapping } from "../store/wrapped-credentials.ts";

export interface RewrapProgress {
  readonly done: number;
  readonly total: number;
}

export interface RewrapDeps {
  readonly db: Database;
  /** Holds the newest key and those before it. */
  readonly vault: KeyWrapper;
  readonly batchSize: number;
}

/**
 * Moves every envelope to the current key-encryption key, some at a time. May be cut and begun again: what is done is found by
 * its kid. Whoever reads meanwhile gets either wrapping, and both open.
 */
export async function rewrapCredentials(
  { db, vault, batchSize }: RewrapDeps,
  onProgress: (progress: RewrapProgress) => void,
): Promise<RewrapProgress> {
  const { total, current } = await read(db, "everyone", (trx) => countByKey(trx, vault.currentKid));
  let done = current;
  let after = "";
  onProgress({ done, total });
  for (;;) {
    const page = { after, limit: batchSize };
    const batch = await read(db, "everyone", (trx) => listWrappedByOthers(trx, vault.currentKid, page));
    const last = batch.at(-1);
    if (last === undefined) return { done, total };
    const moved = await Promise.all(
      batch.map(async (one) => ({
        before: one,
        envelope: await rewrap(vault, one.envelope, { ...one, owner: one.addedBy }),
      })),
    );
    done += await read(db, "everyone", async (trx) => {
      let changed = 0;
      for (const { before, envelope } of moved) if (await replaceWrapping(trx, before, envelope)) changed += 1;
      return changed;
    });
    after = last.id;
    onProgress({ done, total });
  }
}
