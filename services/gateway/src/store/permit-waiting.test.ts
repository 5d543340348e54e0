import { expect, test } from "@jest/globals";
import type { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { z } from "zod";
import type { PermitOutcome } from "./permit-entry.ts";
import { createPermits } from "./permits.ts";

type Reply = z.infer<typeof takePermits.reply>;

const owner = "user:ann";
const grant: Reply = { grants: [{ owner, held: 1, limit: 2, others: 0 }] };

/** A gateway whose questions to quota are answered, or not, when the test says so. */
function askingGateway({ isAway = false } = {}) {
  const now = { ms: 0 };
  const questions: PromiseWithResolvers<Reply>[] = [];
  const permits = createPermits({
    gatewayId: "gateway-1",
    ask: () => {
      const question = Promise.withResolvers<Reply>();
      questions.push(question);
      return question.promise;
    },
    monotonicMs: () => now.ms,
    timers: { soon: queueMicrotask, after: () => () => undefined },
    isAway: () => isAway,
    maxOwners: 10,
    onFailure: () => undefined,
  });
  const outcomes: (PermitOutcome | null)[] = [];
  return {
    outcomes,
    async takeAt(ms: number): Promise<void> {
      now.ms = ms;
      const place = outcomes.push(null) - 1;
      void Promise.resolve(permits.take(owner)).then((outcome) => (outcomes[place] = outcome));
      await settled();
    },
    async answerAt(ms: number, question: number, reply: Reply | null): Promise<void> {
      now.ms = ms;
      if (reply === null) questions[question]?.reject(new Error("no answer in time"));
      else questions[question]?.resolve(reply);
      await settled();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unavailable = { reason: "unavailable" };

test("a call that came while a question hung is not refused with it: it waits for the answer to its own", async () => {
  const gateway = askingGateway();
  await gateway.takeAt(0);
  await gateway.takeAt(900);
  await gateway.answerAt(1_000, 0, null);
  expect(gateway.outcomes).toEqual([unavailable, null]);
  await gateway.answerAt(1_010, 1, grant);
  expect(gateway.outcomes).toEqual([unavailable, "taken"]);
});

test("while quota is known to be away nobody waits for another answer that will not come", async () => {
  const gateway = askingGateway({ isAway: true });
  await gateway.takeAt(0);
  await gateway.takeAt(900);
  await gateway.answerAt(1_000, 0, null);
  expect(gateway.outcomes).toEqual([unavailable, unavailable]);
});
