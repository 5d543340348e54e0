import type { AnchoredHead } from "@topdog/contracts/events/audit-anchored";
import type { Database } from "@topdog/postgres/pool";
import { auditKeysOf } from "./audit-keys.ts";
import { type AuditChain, auditHashOf, type AuditRow, genesis, readAuditRows } from "./audit-log.ts";

export interface AuditVerdict {
  /** How many rows fit, from the first one on. */
  readonly length: number;
  /** The first row that is missing, changed or out of order; null when all fit. */
  readonly brokenAtSeq: number | null;
  readonly why: string | null;
}

const batchRows = 1000;
type Link = Pick<AuditRow, "seq" | "hash" | "kid">;
const broken = (length: number, why: string): AuditVerdict => ({ length, brokenAtSeq: length + 1, why });

/** Recomputes a whole chain, and compares it with its head and with what was anchored of it. */
export async function verifyAuditChain(
  db: Database,
  chain: AuditChain,
  anchors: readonly AnchoredHead[] = [],
): Promise<AuditVerdict> {
  const anchored = new Map(anchors.filter((one) => one.chain === chain).map((one) => [one.seq, one.hash]));
  let previous: Link = { seq: 0, hash: genesis, kid: null };
  for (;;) {
    const rows = await readAuditRows(db, chain, previous.seq, batchRows);
    for (const row of rows) {
      const why = faultOf(db, chain, previous, row, anchored.get(row.seq));
      if (why !== null) return broken(previous.seq, why);
      previous = row;
    }
    if (rows.length < batchRows) break;
  }
  if ([...anchored.keys()].some((seq) => seq > previous.seq))
    return broken(previous.seq, "a row that was anchored is missing");
  return compareWithHead(db, chain, previous);
}

function faultOf(
  db: Database,
  chain: AuditChain,
  previous: Link,
  row: AuditRow,
  anchoredHash: string | undefined,
): string | null {
  if (row.seq !== previous.seq + 1) return "a row is missing";
  if (row.previous_hash !== previous.hash) return "the row does not follow the one before it";
  // Else whoever has no key could go on with rows as they were before there were keys.
  if (row.kid === null && previous.kid !== null) return "a row without a key follows one with a key";
  const hash = auditHashOf(auditKeysOf(db), chain, row);
  if (hash === null) return `the key ${row.kid} is not in AUDIT_KEYS`;
  if (hash !== row.hash) return "the row was changed";
  return anchoredHash !== undefined && anchoredHash !== row.hash ? "the row is not the one that was anchored" : null;
}

async function compareWithHead(db: Database, chain: AuditChain, last: Link): Promise<AuditVerdict> {
  const { rows } = await db.raw<{ rows: { seq: number; hash: string }[] }>(
    "select seq, hash from audit_head where chain = ?",
    [chain],
  );
  const head = rows[0] ?? { seq: 0, hash: genesis };
  if (head.seq === last.seq && head.hash === last.hash) return { length: last.seq, brokenAtSeq: null, why: null };
  return broken(last.seq, "the chain does not end where its head says");
}

const chainsPerPage = 500;

/** Every chain that has a head, by name. */
export async function* auditChains(db: Database): AsyncGenerator<AuditChain> {
  let after = "";
  for (;;) {
    const { rows } = await db.raw<{ rows: { chain: AuditChain }[] }>(
      "select chain from audit_head where chain > ? order by chain limit ?",
      [after, chainsPerPage],
    );
    for (const { chain } of rows) yield chain;
    if (rows.length < chainsPerPage) return;
    after = rows.at(-1)?.chain ?? "";
  }
}
