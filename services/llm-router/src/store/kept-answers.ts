import { randomUUID } from "node:crypto";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { type ContentPlace, openContent, sealContent, type SealedContent } from "@topdog/vault/content";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import type { Claimed, KeptAnswers, KeptPlace, Maker } from "../domain/kept-answers.ts";
import { eraseAnswers, forgetErasures } from "./erasures.ts";
import { createOwnerTransactions } from "./owner-transactions.ts";

export interface KeptAnswersOptions {
  readonly vault: KeyWrapper;
  /** Of one answer, unpacked. */
  readonly maxBytes: number;
  /** Of one owner and purpose; the oldest go first. */
  readonly maxPerOwner: number;
}

interface Row {
  readonly state: "running" | "kept" | "too_large";
  readonly fingerprint: string | null;
  readonly kid: string | null;
  readonly wrapped: string | null;
  readonly sealed: Buffer | null;
  readonly ageSeconds: number;
}

const place = ({ purpose, owner, name }: KeptPlace): [string, string, string] => [purpose, owner, name];
const lapse = "now() + ? * interval '1 millisecond'";
const maxDeleted = 1000;
/** A row may go between two statements, but not for ever. */
const maxClaimRounds = 5;

const readSql = `select state, fingerprint, kid, wrapped, sealed, extract(epoch from now() - created_at)::float8 as "ageSeconds"
  from kept_answer where purpose = ? and owner = ? and name = ? and lapses_at > now()`;

// Whoever inserts the row, or takes over one that has lapsed, makes the answer; all others see the row.
const claimSql = `insert into kept_answer as k (purpose, owner, name, org_id, user_id, fingerprint, state, claim, lapses_at)
  values (?, ?, ?, ?, ?, ?, 'running', ?, ${lapse})
  on conflict (purpose, owner, name) do update
    set org_id = excluded.org_id, user_id = excluded.user_id, fingerprint = excluded.fingerprint, state = 'running', claim = excluded.claim, kid = null, wrapped = null, sealed = null,
        created_at = now(), lapses_at = excluded.lapses_at
    where k.lapses_at <= now()
  returning claim`;

/** Of whom a call began at `began`, or a moment later: who is erased may be known to a gateway for a moment more. */
const erasedSince = (began: string, orgId: string, userId: string): string => `exists (select from erasure e
    where e.at >= ${began} - interval '5 seconds' and coalesce(e.org_id = ${orgId}, e.org_id is null) and coalesce(e.user_id = ${userId}, e.user_id is null))`;

const putSql = `insert into kept_answer (purpose, owner, name, org_id, user_id, state, kid, wrapped, sealed, lapses_at)
  select purpose, owner, name, org_id, user_id, 'kept', ?, ?, ?, ${lapse}
  from (values (cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as text))) as v (purpose, owner, name, org_id, user_id)
  where not ${erasedSince("(now() - ? * interval '1 millisecond')", "v.org_id", "v.user_id")}
  on conflict (purpose, owner, name) do update
    set org_id = excluded.org_id, user_id = excluded.user_id, state = 'kept', claim = null, kid = excluded.kid, wrapped = excluded.wrapped, sealed = excluded.sealed, created_at = now(),
        lapses_at = excluded.lapses_at`;

const finishSql = `update kept_answer
  set state = ?, claim = null, kid = ?, wrapped = ?, sealed = ?, lapses_at = ${lapse}
  where purpose = ? and owner = ? and name = ? and claim = ?
    and not ${erasedSince("kept_answer.created_at", "kept_answer.org_id", "kept_answer.user_id")}`;

// One index, and no more of it than the bound: the newest stay, except those that are being made.
const evictSql = `delete from kept_answer where purpose = ? and owner = ? and state <> 'running' and name in (
  select name from kept_answer where purpose = ? and owner = ? order by created_at desc offset ? limit 100)`;

const forgetSql = `delete from kept_answer where ctid = any (array(
  select ctid from kept_answer where lapses_at <= now() limit ${maxDeleted}))`;

async function read(trx: Transaction, at: KeptPlace): Promise<Row | undefined> {
  const { rows } = await trx.raw<{ rows: Row[] }>(readSql, place(at));
  return rows[0];
}

/** Null when the row goes again and again between the two statements. */
async function claimOrRead(
  trx: Transaction,
  at: KeptPlace,
  { orgId, userId }: Maker,
  fingerprint: string,
  withinMs: number,
): Promise<Row | { readonly claim: string } | null> {
  for (let round = 0; round < maxClaimRounds; round += 1) {
    const { rows } = await trx.raw<{ rows: { claim: string }[] }>(claimSql, [
      ...place(at),
      orgId,
      userId,
      fingerprint,
      randomUUID(),
      withinMs,
    ]);
    if (rows[0] !== undefined) return rows[0];
    const found = await read(trx, at);
    // It lapsed or was given up between the two statements.
    if (found !== undefined) return found;
  }
  return null;
}

export function createKeptAnswers(db: Database, { vault, maxBytes, maxPerOwner }: KeptAnswersOptions): KeptAnswers {
  const { act, ask } = createOwnerTransactions(db);
  const open = (row: Row, at: ContentPlace): Promise<Buffer> => openContent(vault, row as SealedContent, at, maxBytes);
  const evict = async (trx: Transaction, { purpose, owner }: KeptPlace): Promise<void> => {
    await trx.raw(evictSql, [purpose, owner, purpose, owner, maxPerOwner]);
  };

  async function claim(at: KeptPlace, by: Maker, fingerprint: string, withinMs: number): Promise<Claimed> {
    const found = await ask(at, (trx) => claimOrRead(trx, at, by, fingerprint, withinMs));
    if (found === null) return { kind: "running" };
    if ("claim" in found) return { kind: "claimed", claim: found.claim };
    if (found.fingerprint !== fingerprint) return { kind: "other_request" };
    if (found.state !== "kept") return { kind: found.state };
    return { kind: "kept", content: await open(found, at) };
  }

  return {
    claim,
    async keep(at, claimed, content, ttlMs) {
      const sealed = content === null ? null : await sealContent(vault, content, at);
      const state = sealed === null ? "too_large" : "kept";
      const columns = [sealed?.kid ?? null, sealed?.wrapped ?? null, sealed?.sealed ?? null];
      await act(at, async (trx) => {
        await trx.raw(finishSql, [state, ...columns, ttlMs, ...place(at), claimed]);
        await evict(trx, at);
      });
    },
    async giveUp(at, claimed) {
      await act(at, (trx) =>
        trx.raw("delete from kept_answer where purpose = ? and owner = ? and name = ? and claim = ?", [
          ...place(at),
          claimed,
        ]),
      );
    },
    async put(at, { orgId, userId }, content, { ttlMs, sinceMs }) {
      const { kid, wrapped, sealed } = await sealContent(vault, content, at);
      await ask(at, async (trx) => {
        await trx.raw(putSql, [kid, wrapped, sealed, ttlMs, ...place(at), orgId, userId, sinceMs]);
        await evict(trx, at);
      });
    },
    async find(at) {
      const row = await ask(at, (trx) => read(trx, at));
      if (row?.state !== "kept") return null;
      return { content: await open(row, at), ageSeconds: Math.max(0, Math.floor(row.ageSeconds)) };
    },
    async remove(at) {
      const { rowCount } = await ask(at, (trx) =>
        trx.raw<{ rowCount: number }>(
          "delete from kept_answer where purpose = ? and owner = ? and name = ? and state = 'kept' and lapses_at > now()",
          place(at),
        ),
      );
      return rowCount > 0;
    },
    async forgetLapsed(signal) {
      let deleted = maxDeleted;
      while (deleted === maxDeleted && !signal.aborted) {
        ({ rowCount: deleted } = await act("everyone", (trx) => trx.raw<{ rowCount: number }>(forgetSql)));
      }
      await act("everyone", forgetErasures);
    },
    erase: (whose) => inTransaction(db, (trx) => eraseAnswers(trx, whose, new Date())),
  };
}
