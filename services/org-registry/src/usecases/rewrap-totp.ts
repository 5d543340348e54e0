import type { Database } from "@topdog/postgres/pool";
import { countTotpByKey, listTotpByOthers, replaceTotpSecret } from "../store/totp.ts";
import type { TotpSecrets } from "../store/totp-secrets.ts";
import { read } from "./change.ts";
import type { RewrapProgress } from "./rewrap-credentials.ts";

interface RewrapTotpDeps {
  readonly db: Database;
  readonly totpSecrets: TotpSecrets;
  readonly batchSize: number;
}

/** As `rewrapCredentials`, for the secrets of authenticator apps; also moves those of before there was a vault. */
export async function rewrapTotp(
  { db, totpSecrets, batchSize }: RewrapTotpDeps,
  onProgress: (progress: RewrapProgress) => void,
): Promise<RewrapProgress> {
  const { currentKid } = totpSecrets;
  const { total, current } = await read(db, "everyone", (trx) => countTotpByKey(trx, currentKid));
  let done = current;
  let after = "";
  onProgress({ done, total });
  for (;;) {
    const page = { after, limit: batchSize };
    const batch = await read(db, "everyone", (trx) => listTotpByOthers(trx, currentKid, page));
    const last = batch.at(-1);
    if (last === undefined) return { done, total };
    const moved = await Promise.all(
      batch.map(async (before) => ({ before, envelope: await totpSecrets.renew(before.secret, before.userId) })),
    );
    done += await read(db, "everyone", async (trx) => {
      let changed = 0;
      for (const { before, envelope } of moved) if (await replaceTotpSecret(trx, before, envelope)) changed += 1;
      return changed;
    });
    after = last.userId;
    onProgress({ done, total });
  }
}
