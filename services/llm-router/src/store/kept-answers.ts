import { randomUUID } from "node:crypto";
import { isConnectionLoss } from "@topdog/postgres/failures";
import type { Database } from "@topdog/postgres/pool";
import { type ContentPlace, openContent, sealContent, type SealedContent } from "@topdog/vault/content";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import type { Claimed, KeptAnswers, KeptPlace } from "../domain/kept-answers.ts";

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
/** After a lost connection: callers that come meanwhile do not wait for the next attempt. */
const restMs = 5000;

const readSql = `select state, fingerprint, kid, wrapped, sealed, extract(epoch from now() - created_at)::float8 as "ageSeconds"
  from kept_answer where purpose = ? and owner = ? and name = ? and lapses_at > now()`;

// Whoever inserts the row, or takes over one that has lapsed, makes the answer; all others see the row.
const claimSql = `insert into kept_answer as k (purpose, owner, name, fingerprint, state, claim, lapses_at)
  values (?, ?, ?, ?, 'running', ?, ${lapse})
  on conflict (purpose, owner, name) do update
    set fingerprint = excluded.fingerprint, state = 'running', claim = excluded.claim, kid = null, wrapped = null, sealed = null,
        created_at = now(), lapses_at = excluded.lapses_at
    where k.lapses_at <= now()
  returning claim`;

const putSql = `insert into kept_answer (purpose, owner, name, state, kid, wrapped, sealed, lapses_at)
  values (?, ?, ?, 'kept', ?, ?, ?, ${lapse})
  on conflict (purpose, owner, name) do update
    set state = 'kept', claim = null, kid = excluded.kid, wrapped = excluded.wrapped, sealed = excluded.sealed, created_at = now(),
        lapses_at = excluded.lapses_at`;

const finishSql = `update kept_answer
  set state = ?, claim = null, kid = ?, wrapped = ?, sealed = ?, lapses_at = ${lapse}
  where purpose = ? and owner = ? and name = ? and claim = ?`;

// One index, and no more of it than the bound: the newest stay, except those that are being made.
const evictSql = `delete from kept_answer where purpose = ? and owner = ? and state <> 'running' and name in (
  select name from kept_answer where purpose = ? and owner = ? order by created_at desc offset ? limit 100)`;

const forgetSql = `delete from kept_answer where ctid = any (array(
  select ctid from kept_answer where lapses_at <= now() limit ${maxDeleted}))`;

export function createKeptAnswers(db: Database, { vault, maxBytes, maxPerOwner }: KeptAnswersOptions): KeptAnswers {
  let lost: { readonly error: unknown; readonly untilMs: number } | null = null;

  /** Not for the end of a claim, which must be tried whatever happened before. */
  async function ask<T>(sql: string, bindings: readonly (string | number | Buffer)[]): Promise<T> {
    if (lost !== null && performance.now() < lost.untilMs)
      throw new Error("the database was lost a moment ago", { cause: lost.error });
    try {
      const answer: unknown = await db.raw(sql, bindings);
      return answer as T;
    } catch (error) {
      if (isConnectionLoss(error)) lost = { error, untilMs: performance.now() + restMs };
      throw error;
    }
  }
  async function read(at: KeptPlace): Promise<Row | undefined> {
    const { rows } = await ask<{ rows: Row[] }>(readSql, place(at));
    return rows[0];
  }
  const open = (row: Row, at: ContentPlace): Promise<Buffer> => openContent(vault, row as SealedContent, at, maxBytes);
  const evict = async ({ purpose, owner }: KeptPlace): Promise<void> => {
    await db.raw(evictSql, [purpose, owner, purpose, owner, maxPerOwner]);
  };

  async function claim(at: KeptPlace, fingerprint: string, withinMs: number): Promise<Claimed> {
    for (let round = 0; round < maxClaimRounds; round += 1) {
      const { rows } = await ask<{ rows: { claim: string }[] }>(claimSql, [
        ...place(at),
        fingerprint,
        randomUUID(),
        withinMs,
      ]);
      if (rows[0] !== undefined) return { kind: "claimed", claim: rows[0].claim };
      const found = await read(at);
      // It lapsed or was given up between the two statements.
      if (found === undefined) continue;
      if (found.fingerprint !== fingerprint) return { kind: "other_request" };
      if (found.state !== "kept") return { kind: found.state };
      return { kind: "kept", content: await open(found, at) };
    }
    return { kind: "running" };
  }

  return {
    claim,
    async keep(at, claimed, content, ttlMs) {
      const sealed = content === null ? null : await sealContent(vault, content, at);
      const state = sealed === null ? "too_large" : "kept";
      const columns = [sealed?.kid ?? null, sealed?.wrapped ?? null, sealed?.sealed ?? null];
      await db.raw(finishSql, [state, ...columns, ttlMs, ...place(at), claimed]);
      await evict(at);
    },
    async giveUp(at, claimed) {
      await db.raw("delete from kept_answer where purpose = ? and owner = ? and name = ? and claim = ?", [
        ...place(at),
        claimed,
      ]);
    },
    async put(at, content, ttlMs) {
      const { kid, wrapped, sealed } = await sealContent(vault, content, at);
      await ask(putSql, [...place(at), kid, wrapped, sealed, ttlMs]);
      await evict(at);
    },
    async find(at) {
      const row = await read(at);
      if (row?.state !== "kept") return null;
      return { content: await open(row, at), ageSeconds: Math.max(0, Math.floor(row.ageSeconds)) };
    },
    async remove(at) {
      const { rowCount } = await ask<{ rowCount: number }>(
        "delete from kept_answer where purpose = ? and owner = ? and name = ? and state = 'kept' and lapses_at > now()",
        place(at),
      );
      return rowCount > 0;
    },
    async forgetLapsed(signal) {
      let deleted = maxDeleted;
      while (deleted === maxDeleted && !signal.aborted) {
        ({ rowCount: deleted } = await db.raw<{ rowCount: number }>(forgetSql));
      }
    },
  };
}
