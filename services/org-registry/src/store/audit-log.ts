import { createHash } from "node:crypto";
import type { Database, Transaction } from "@topdog/postgres/pool";

/** `user:<id>` or `org:<id>`: whose history it is. */
export type AuditChain = `user:${string}` | `org:${string}`;

export interface AuditEntry {
  readonly chain: AuditChain;
  readonly at: Date;
  /** A user id, `operator`, or the event that caused it. */
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** Ids and plain facts; never a secret. */
  readonly details: Facts;
  /** What the actor gave as the reason. */
  readonly reason?: string | undefined;
  /** What was changed, as it was and as it is now. */
  readonly before?: Facts;
  readonly after?: Facts;
}

type Facts = Readonly<Record<string, string | number | boolean | null>>;

interface AuditRow {
  seq: number;
  at: Date;
  actor: string;
  action: string;
  target: string;
  details: string;
  previous_hash: string;
  hash: string;
}

const genesis = "0".repeat(64);

const hashOf = (chain: string, row: Omit<AuditRow, "hash">): string =>
  createHash("sha256")
    .update(
      JSON.stringify([
        row.previous_hash,
        chain,
        row.seq,
        row.at.toISOString(),
        row.actor,
        row.action,
        row.target,
        row.details,
      ]),
    )
    .digest("hex");

/** The one text that is hashed; an absent part is left out. */
const detailsOf = ({ details, reason, before, after }: AuditEntry): Readonly<Record<string, unknown>> => ({
  ...details,
  reason,
  before,
  after,
});

/** Appends to a chain in the caller's transaction; the chain's head row is locked until it ends. */
export async function appendAudit(trx: Transaction, entry: AuditEntry): Promise<void> {
  await trx.raw("insert into audit_head (chain, seq, hash) values (?, 0, ?) on conflict do nothing", [
    entry.chain,
    genesis,
  ]);
  const { rows } = await trx.raw<{ rows: { seq: number; hash: string }[] }>(
    "select seq, hash from audit_head where chain = ? for update",
    [entry.chain],
  );
  const head = rows[0];
  if (head === undefined) throw new Error("an audit chain lost its head");
  const row = {
    seq: head.seq + 1,
    at: entry.at,
    actor: entry.actor,
    action: entry.action,
    target: entry.target,
    details: JSON.stringify(detailsOf(entry)),
    previous_hash: head.hash,
  };
  const hash = hashOf(entry.chain, row);
  await trx.raw(
    `insert into audit_log (chain, seq, at, actor, action, target, details, previous_hash, hash)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [entry.chain, row.seq, row.at, row.actor, row.action, row.target, row.details, row.previous_hash, hash],
  );
  await trx.raw("update audit_head set seq = ?, hash = ? where chain = ?", [row.seq, hash, entry.chain]);
}

const verifyBatchRows = 1000;

/** Recomputes a whole chain. `brokenAtSeq` is the first row that is missing, changed or out of order; null when intact. */
export async function verifyAuditChain(
  db: Database,
  chain: AuditChain,
): Promise<{ length: number; brokenAtSeq: number | null }> {
  let previous = { seq: 0, hash: genesis };
  for (;;) {
    const { rows } = await db.raw<{ rows: AuditRow[] }>(
      `select seq, at, actor, action, target, details, previous_hash, hash from audit_log
       where chain = ? and seq > ? order by seq limit ?`,
      [chain, previous.seq, verifyBatchRows],
    );
    for (const row of rows) {
      const follows = row.seq === previous.seq + 1 && row.previous_hash === previous.hash;
      if (!follows || hashOf(chain, row) !== row.hash) return { length: previous.seq, brokenAtSeq: previous.seq + 1 };
      previous = row;
    }
    if (rows.length < verifyBatchRows) break;
  }
  const { rows } = await db.raw<{ rows: { seq: number; hash: string }[] }>(
    "select seq, hash from audit_head where chain = ?",
    [chain],
  );
  const head = rows[0] ?? { seq: 0, hash: genesis };
  const whole = head.seq === previous.seq && head.hash === previous.hash;
  return { length: previous.seq, brokenAtSeq: whole ? null : previous.seq + 1 };
}
