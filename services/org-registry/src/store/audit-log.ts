import { createHash, createHmac } from "node:crypto";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { PageQuery } from "../domain/page.ts";
import { type AuditKeys, auditKeysOf } from "./audit-keys.ts";
import type { ApiKey } from "../domain/api-key.ts";

/** `user:<id>` or `org:<id>`: whose history it is. */
export type AuditChain = `user:${string}` | `org:${string}`;

export type Facts = Readonly<Record<string, string | number | boolean | null>>;
export const chainOfKey = ({ userId, orgId }: Pick<ApiKey, "userId" | "orgId">): AuditChain =>
  orgId === null ? `user:${userId}` : `org:${orgId}`;

export interface AuditEntry {
  readonly chain: AuditChain;
  readonly at: Date;
  /** A user with their session or key, `operator`, or the event that caused it. */
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

/** A row as it is stored. */
export interface AuditRow {
  readonly seq: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  /** The exact text that was hashed. */
  readonly details: string;
  readonly kid: string | null;
  readonly previous_hash: string;
  readonly hash: string;
}

export const genesis = "0".repeat(64);

/** Null for a row whose key is not known. A row without a kid is of before there were keys. */
export function auditHashOf(keys: AuditKeys, chain: string, row: Omit<AuditRow, "hash">): string | null {
  const members = [
    row.previous_hash,
    chain,
    row.seq,
    row.at.toISOString(),
    row.actor,
    row.action,
    row.target,
    row.details,
  ];
  if (row.kid === null) return createHash("sha256").update(JSON.stringify(members)).digest("hex");
  const key = keys.find(row.kid);
  if (key === undefined) return null;
  return createHmac("sha256", key)
    .update(JSON.stringify([...members, row.kid]))
    .digest("hex");
}

/** Absent parts are left out of the text. */
const detailsOf = ({ details, reason, before, after }: AuditEntry): string =>
  JSON.stringify({ ...details, reason, before, after });

/** Appends to a chain in the caller's transaction; the chain's head row is locked until it ends. */
export async function appendAudit(trx: Transaction, entry: AuditEntry): Promise<void> {
  const keys = auditKeysOf(trx);
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
    details: detailsOf(entry),
    kid: keys.kid,
    previous_hash: head.hash,
  };
  const hash = auditHashOf(keys, entry.chain, row);
  if (hash === null) throw new Error("the key for new audit rows is not in its keyring");
  await trx.raw(
    `insert into audit_log (chain, seq, at, actor, action, target, details, kid, previous_hash, hash)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [entry.chain, row.seq, row.at, row.actor, row.action, row.target, row.details, row.kid, row.previous_hash, hash],
  );
  await trx.raw("update audit_head set seq = ?, hash = ? where chain = ?", [row.seq, hash, entry.chain]);
}

const columns = "seq, at, actor, action, target, details, kid, previous_hash, hash";

/** In the order in which they were written. */
export async function readAuditRows(
  db: Database,
  chain: AuditChain,
  afterSeq: number,
  limit: number,
): Promise<AuditRow[]> {
  const { rows } = await db.raw<{ rows: AuditRow[] }>(
    `select ${columns} from audit_log where chain = ? and seq > ? order by seq limit ?`,
    [chain, afterSeq, limit],
  );
  return rows;
}

/** Newest first; a position is a seq. */
export async function listAuditRows(
  db: Database,
  chain: AuditChain,
  { after, limit }: PageQuery<number>,
): Promise<AuditRow[]> {
  const { rows } = await db.raw<{ rows: AuditRow[] }>(
    `select ${columns} from audit_log where chain = ? and (cast(? as integer) is null or seq < ?)
     order by seq desc limit ?`,
    [chain, after, after, limit],
  );
  return rows;
}
