import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { changesPerPage, listChanges } from "@topdog/contracts/rpc/list-changes";
import { appendOutbox } from "@topdog/messaging/outbox";
import { callRpc } from "@topdog/messaging/rpc";
import { inTransaction } from "@topdog/postgres/transaction";
import { listPrincipalChanges } from "../src/usecases/list-changes.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const ask = async (since: string | null, after: string | null = null) =>
  callRpc(await registry.nats.busOf("gateway"), listChanges, { since, after }, { timeoutMs: 30_000 });
const revoked = (keyId: string) => ({
  keyId,
  keyHash: "0".repeat(64),
  userId: "usr_1",
  orgId: null,
  at: "2026-11-26T10:00:00.000Z",
});
const idsIn = (changes: readonly { payload: string }[]): string[] =>
  changes.map(({ payload }) => (JSON.parse(payload) as { keyId: string }).keyId);

test("a change that was committed late is listed since the horizon before it, however many were committed meanwhile", async () => {
  const begun = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const late = inTransaction(registry.db, async (trx) => {
    await appendOutbox(trx, apiKeyRevoked, revoked("late"));
    begun.resolve();
    await commit.promise;
  });
  await begun.promise;
  await inTransaction(registry.db, (trx) => appendOutbox(trx, apiKeyRevoked, revoked("early")));
  const { horizon } = await ask(null);
  expect(idsIn((await ask(horizon)).changes)).not.toContain("late");
  commit.resolve();
  await late;
  expect(idsIn((await ask(horizon)).changes)).toContain("late");
});

test("more changes than fit one answer come in pages, each once", async () => {
  const { horizon } = await ask(null);
  const wanted = Array.from({ length: changesPerPage + 20 }, (_, n) => `many_${n}`);
  await inTransaction(registry.db, async (trx) => {
    for (const keyId of wanted) await appendOutbox(trx, apiKeyRevoked, revoked(keyId));
  });
  const first = await ask(horizon);
  const second = await ask(horizon, first.next);
  expect([first.changes.length, second.next]).toEqual([changesPerPage, null]);
  const listed = idsIn([...first.changes, ...second.changes]).filter((id) => id.startsWith("many_"));
  expect(listed).toEqual(wanted);
});

test("a question reads an index of what is new, not the outbox", async () => {
  await registry.db.raw(
    `insert into outbox (id, subject, payload, created_at, sent_at)
     select 'old_' || n, 'topdog.apikey.revoked.v1', '{}', now() - interval '30 minutes', now() from generate_series(1, 20000) n`,
  );
  await registry.db.raw("analyze outbox");
  const sent: { readonly sql: string; readonly bindings: readonly unknown[] }[] = [];
  const note = (query: (typeof sent)[number]): void => void sent.push(query);
  registry.db.on("query", note);
  await listPrincipalChanges(registry.db, { since: (await ask(null)).horizon, after: null });
  registry.db.off("query", note);
  const statement = sent.find(({ sql }) => sql.includes("from outbox"));
  const { rows } = await registry.db.raw<{ rows: { "QUERY PLAN": string }[] }>(
    `explain ${statement?.sql.replaceAll(/\$\d+/g, "?")}`,
    [...(statement?.bindings ?? [])] as never,
  );
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("outbox_created_at");
});
