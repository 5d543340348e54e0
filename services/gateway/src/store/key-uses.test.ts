import { expect, test } from "@jest/globals";
import type { KeyUse } from "@topdog/contracts/rpc/note-key-uses";
import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import { createKeyUses } from "./key-uses.ts";
import { knownCaller, type KnownCaller } from "./known-callers.ts";

const callerOf = (keyId: string, known?: KnownCaller): KnownCaller => {
  const buckets = { personal: "user:usr_1", org: null };
  const byok = { scope: "user", used: 0, capacity: 0 } as const;
  const rest: Omit<Principal, "keyId"> = {
    userId: "usr_1",
    orgId: null,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets,
    byok,
  };
  return knownCaller(`hash of ${keyId}`, { keyId, ...rest }, known);
};

/** On a clock that the test moves; what is due runs when it is asked to. */
function start(answer: () => Promise<unknown> = async () => ({})) {
  const clock = { ms: 1_000 };
  const sent: KeyUse[][] = [];
  const due = new Set<() => void>();
  const failures: unknown[] = [];
  const uses = createKeyUses({
    send: (batch) => {
      sent.push(batch);
      return answer();
    },
    monotonicMs: () => clock.ms,
    nowMs: () => clock.ms,
    timers: {
      soon: (work) => void due.add(work),
      after: (_delayMs, work) => {
        due.add(work);
        return () => void due.delete(work);
      },
    },
    onFailure: (error) => failures.push(error),
  });
  const runDue = (): void => {
    for (const work of due) {
      due.delete(work);
      work();
    }
  };
  return { clock, sent, failures, uses, runDue };
}

test("a key's use is told once in five minutes, however often it is used and looked up again, with those of others", () => {
  const { clock, sent, uses, runDue } = start();
  let caller = callerOf("key_1");
  for (let n = 0; n < 1_000; n += 1) uses.note(caller);
  uses.note(callerOf("key_2"));
  runDue();
  caller = callerOf("key_1", caller);
  clock.ms += 299_999;
  uses.note(caller);
  runDue();
  expect(sent.map((batch) => batch.map(({ keyId }) => keyId))).toEqual([["key_1", "key_2"]]);
  clock.ms += 1;
  uses.note(caller);
  runDue();
  expect(sent[1]).toEqual([{ keyId: "key_1", at: new Date(clock.ms).toISOString() }]);
});

test("many keys go out in messages of a bounded size, a message that fails is not repeated, and the last leaves at the stop", async () => {
  const { sent, failures, uses, runDue } = start(() => Promise.reject(new Error("away")));
  for (let n = 0; n < 501; n += 1) uses.note(callerOf(`key_${n}`));
  runDue();
  await uses.stop();
  expect([sent.map((batch) => batch.length), failures.length]).toEqual([[500, 1], 2]);
  runDue();
  expect(sent).toHaveLength(2);
});
