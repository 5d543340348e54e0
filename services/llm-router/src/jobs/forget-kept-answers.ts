import type { Job } from "@topdog/service/job";
import type { KeptAnswers } from "../domain/kept-answers.ts";

/** Every replica may: a row is deleted once. */
export const forgetKeptAnswers = (kept: KeptAnswers): Job => ({
  name: "forget-kept-answers",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "each",
  run: (signal) => kept.forgetLapsed(signal),
});
