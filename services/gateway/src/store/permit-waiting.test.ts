import { expect, test } from "@jest/globals";
import type { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { z } from "zod";
import type { PermitOutcome } from "./permit-entry.ts";
import { createPermits } from "./permits.ts";

type Reply = z.infer<typeof takePermits.reply>;

const owner = "user:ann";
const grant: Reply = { grants: [{ owner, held: 1, limit: 2, others: 0 }] };

/** A gateway whose questions to quota are answered, or not, when the test says so. */
function askingGateway() {
  const now = { ms: 0, awayMs: 0 };
  const questions: PromiseWithResolvers<Reply>[] = [];
  const rests: { readonly untilMs: number; readonly work: () => void }[] = [];
  const permits = createPermits({
    gatewayId: "gateway-1",
    ask: () => {
      const question = Promise.withResolvers<Reply>();
      questions.push(question);
      return question.promise;
    },
    monotonicMs: () => now.ms,
    timers: {
      soon: queueMicrotask,
      after: (delayMs, work) => {
        rests.push({ untilMs: now.ms + delayMs, work });
        return () => undefined;
      },
    },
    awayMs: () => now.awayMs,
    maxOwners: 10,
    onFailure: () => undefined,
  });
  const passTo = (ms: number): void => {
    now.ms = ms;
    for (const rest of rests.filter(({ untilMs }) => untilMs <= ms)) {
      rests.splice(rests.indexOf(rest), 1);
      rest.work();
    }
  };
  const outcomes: (PermitOutcome | null)[] = [];
  return {
    outcomes,
    questions,
    async takeAt(ms: number): Promise<void> {
      passTo(ms);
      const place = outcomes.push(null) - 1;
      void Promise.resolve(permits.take(owner)).then((outcome) => (outcomes[place] = outcome));
      await settled();
    },
    /** To the last question. */
    async answerAt(ms: number, reply: Reply | null, awayMs = 0): Promise<void> {
      passTo(ms);
      await settled();
      now.awayMs = awayMs;
      if (reply === null) questions.at(-1)?.reject(new Error("no answer in time"));
      else questions.at(-1)?.resolve(reply);
      await settled();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unavailable = { reason: "unavailable" };

test("a question that is lost refuses nobody: it is asked again after a rest, and its answer counts", async () => {
  const gateway = askingGateway();
  await gateway.takeAt(0);
  await gateway.answerAt(1_000, null);
  expect(gateway.outcomes).toEqual([null]);
  expect(gateway.questions).toHaveLength(1);
  await gateway.answerAt(1_060, grant);
  expect(gateway.questions).toHaveLength(2);
  expect(gateway.outcomes).toEqual(["taken"]);
});

test("who has waited through two lost questions is refused; who came during the second waits for another", async () => {
  const gateway = askingGateway();
  await gateway.takeAt(0);
  await gateway.answerAt(1_000, null, 100);
  await gateway.takeAt(1_500);
  await gateway.answerAt(2_050, null, 1_100);
  expect(gateway.outcomes).toEqual([unavailable, null]);
  await gateway.answerAt(2_110, grant);
  expect(gateway.outcomes).toEqual([unavailable, "taken"]);
});

test("while quota has been away for as long as anybody would wait, nobody waits for an answer that will not come", async () => {
  const gateway = askingGateway();
  await gateway.takeAt(0);
  await gateway.takeAt(900);
  await gateway.answerAt(1_000, null, 2_000);
  expect(gateway.outcomes).toEqual([unavailable, unavailable]);
});
