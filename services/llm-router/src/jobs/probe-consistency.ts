import { dialects } from "@topdog/dialects/dialects";
import type { Job } from "@topdog/service/job";
import { openOwnCall } from "../clients/own-call.ts";
import type { UpstreamOptions } from "../clients/upstreams.ts";
import { consistencyOf } from "../domain/answer-consistency.ts";
import type { AnswerJudgements } from "../domain/answer-judgements.ts";

/** Of our own making, with one right answer each: nothing of a customer's is asked again. */
const questions = [
  "Name the planets of the solar system from the sun outwards. Only their names.",
  "List the first ten prime numbers. Only the numbers.",
  "Name the days of the week in English, beginning with Monday. Only their names.",
  "Which chemical elements have the symbols H, He, Li, Be and B? Only their names, in that order.",
] as const;
const samples = 3;
const callTimeoutMs = 50_000;
/** Thoughts included. */
const maxTokens = 2000;
const chat = dialects.find(({ id }) => id === "openai-chat")!;

export interface ProbeConsistencyDeps {
  /** They serve the model with the platform's credentials, and take turns. */
  readonly upstreams: readonly UpstreamOptions[];
  readonly model: string;
  readonly intervalMs: number;
  readonly judgements: AnswerJudgements["consistency"];
}

/** What the model says; null when it says nothing, which others find out. */
async function ask({ provider, credential }: UpstreamOptions, body: Buffer): Promise<string | null> {
  const outcome = await openOwnCall(provider, chat, body, { credential, timeoutMs: callTimeoutMs }).outcome;
  const answer = outcome.kind === "answer" ? chat.outbound!.readAnswer(outcome.body) : null;
  const parts = answer?.choices[0]?.parts ?? [];
  const text = parts.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("");
  return text === "" ? null : text;
}

/** Asks a model the same question a few times, and judges how alike its answers are. */
export function probeConsistency({ upstreams, model, intervalMs, judgements }: ProbeConsistencyDeps): Job {
  let turn = 0;
  return {
    name: "probe-consistency",
    intervalMs,
    timeoutMs: callTimeoutMs + 10_000,
    owner: "each",
    async run() {
      const upstream = upstreams[turn % upstreams.length]!;
      const content = questions[turn % questions.length]!;
      turn += 1;
      const request = { model, max_completion_tokens: maxTokens, messages: [{ role: "user", content }] };
      const body = Buffer.from(JSON.stringify(request));
      const said = await Promise.all(Array.from({ length: samples }, () => ask(upstream, body)));
      const outputs = said.filter((one) => one !== null);
      if (outputs.length === samples) judgements.add({ plan: "unknown", segment: "general" }, consistencyOf(outputs));
    },
  };
}
