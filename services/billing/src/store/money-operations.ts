import type { Database, Transaction } from "@topdog/postgres/pool";
import type { MoneyOperation, OperationResult, OperationWork } from "../domain/money-operation.ts";

interface DbOperation {
  id: string;
  owner: string;
  kind: OperationWork["kind"];
  params: OperationWork["params"];
  attempt: number;
  state: MoneyOperation["state"];
  result: OperationResult | null;
  refusal: string | null;
  created_at: Date;
}

const columns = "id, owner, kind, params, attempt, state, result, refusal, created_at";

const fromDbOperation = (row: DbOperation): MoneyOperation => ({
  id: row.id,
  owner: row.owner,
  work: { kind: row.kind, params: row.params } as OperationWork,
  attempt: row.attempt,
  state: row.state,
  result: row.result,
  refusal: row.refusal,
  createdAt: row.created_at,
});
type Found = { rows: DbOperation[] };
const first = ({ rows }: Found): MoneyOperation | null => (rows[0] === undefined ? null : fromDbOperation(rows[0]));

export async function addOperation(trx: Transaction, operation: MoneyOperation): Promise<void> {
  const { id, owner, work, attempt, state, createdAt } = operation;
  await trx.raw(
    `insert into money_operation (id, owner, kind, params, attempt, state, created_at, touched_at) values (?, ?, ?, ?, ?, ?, ?, now())`,
    [id, owner, work.kind, JSON.stringify(work.params), attempt, state, createdAt],
  );
}

export async function findOperation(db: Database, id: string): Promise<MoneyOperation | null> {
  return first(await db.raw<Found>(`select ${columns} from money_operation where id = ?`, [id]));
}

export async function findStarted(db: Database, owner: string): Promise<MoneyOperation | null> {
  return first(
    await db.raw<Found>(`select ${columns} from money_operation where owner = ? and state = 'started'`, [owner]),
  );
}

/** The newest checkouts of an owner that were made. */
export async function recentCheckouts(db: Database, owner: string, since: Date): Promise<MoneyOperation[]> {
  const { rows } = await db.raw<Found>(
    `select ${columns} from money_operation where owner = ? and kind = 'checkout' and state = 'done' and created_at > ?
     order by created_at desc limit 10`,
    [owner, since],
  );
  return rows.map(fromDbOperation);
}

/** Operations whose answer nobody knows: their process died, or Stripe was away. Each is given to one replica at a time. */
export async function claimStale(db: Database, staleMs: number, limit: number): Promise<MoneyOperation[]> {
  const { rows } = await db.raw<Found>(
    `update money_operation set touched_at = now() where id in
       (select id from money_operation where state = 'started' and touched_at < now() - make_interval(secs => ?)
        order by touched_at limit ? for update skip locked)
     returning ${columns}`,
    [staleMs / 1000, limit],
  );
  return rows.map(fromDbOperation);
}

export async function finishOperation(
  db: Database,
  id: string,
  end:
    | { readonly state: "done"; readonly result: OperationResult }
    | { readonly state: "refused"; readonly refusal: string },
): Promise<void> {
  await db.raw(
    `update money_operation set state = ?, result = ?, refusal = ?, touched_at = now() where id = ? and state = 'started'`,
    [
      end.state,
      end.state === "done" ? JSON.stringify(end.result) : null,
      end.state === "refused" ? end.refusal : null,
      id,
    ],
  );
}

/** The next try is made under another idempotency key. Null for an operation that has ended. */
export async function nextAttempt(db: Database, id: string): Promise<MoneyOperation | null> {
  return first(
    await db.raw<Found>(
      `update money_operation set attempt = attempt + 1 where id = ? and state = 'started' returning ${columns}`,
      [id],
    ),
  );
}
