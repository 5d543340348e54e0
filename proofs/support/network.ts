import type { QuotaSync } from "@topdog/gateway/clients/quota-sync";
import type { SimulatedTime } from "./simulated-time.ts";

/** What happens to a message and its answer. */
export type Fate = "answered" | "question lost" | "answer lost" | "asked twice" | "slow" | "very slow";

const hopMs = 3;
const slowMs = 400;
/** Longer than its sender waits, and than its sender's next messages take. */
const verySlowMs = 2_500;
const answerTimeoutMs = 1_000;

const delayOf = (fate: Fate): number => (fate === "slow" ? slowMs : fate === "very slow" ? verySlowMs : hopMs);

/** A way to quota that delays, loses and repeats. `fate` is asked once per message. */
export function throughNetwork(time: SimulatedTime, quota: QuotaSync, fate: () => Fate): QuotaSync {
  return (request) =>
    new Promise((resolve, reject) => {
      const now = fate();
      const deliver = async (): Promise<void> => {
        time.stir();
        const reply = await quota(request).catch((error: unknown) => error as Error);
        if (now === "answer lost") return;
        time.after(delayOf(now), () => {
          time.stir();
          if (reply instanceof Error) reject(reply);
          else resolve(reply);
        });
      };
      time.after(answerTimeoutMs, () => {
        time.stir();
        reject(new Error("quota did not answer in time"));
      });
      if (now === "question lost") return;
      time.after(delayOf(now), () => void deliver());
      if (now === "asked twice") time.after(delayOf(now) + slowMs, () => void deliver());
    });
}
