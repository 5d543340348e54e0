import { AppError } from "@topdog/errors/app-error";
import { defineRoute, type Route } from "@topdog/http-kit/route";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import {
  consistencyOf,
  judgedPlans,
  type JudgedPlan,
  maxOutputCharacters,
  maxOutputs,
} from "../domain/answer-consistency.ts";
import { type DataSegment, dataSegments } from "../domain/data-segment.ts";
import type { AnswerJudgements, JudgementTotal } from "../domain/answer-judgements.ts";

const share = z.number().min(0).max(1);
const judgement = z
  .strictObject({
    score: share.optional().meta({ description: "How consistent an evaluator found answers to one question" }),
    outputs: z
      .array(z.string().max(maxOutputCharacters))
      .min(2)
      .max(maxOutputs)
      .optional()
      .meta({ description: "Answers to one question, to be scored here: mean pairwise Jaccard index of their words" }),
    hallucinationSeverity: share.optional().meta({ description: "How bad what was made up is; 0: nothing was" }),
  })
  .refine(({ score, outputs }) => score === undefined || outputs === undefined, {
    message: "send a score or outputs, not both",
    path: ["score"],
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), {
    message: "send a score, outputs or hallucinationSeverity",
  });

const labels = { plan: z.enum(judgedPlans), segment: z.enum(dataSegments) };
const total = z.object({ samples: z.int().min(0), mean: share.nullable() });
const totals = z.object({ ...total.shape, by: z.array(z.object({ ...labels, ...total.shape })) });

function labelOf<T extends string>(headers: IncomingHttpHeaders, name: string, known: readonly T[], absent: T): T {
  const value = headers[name];
  if (value === undefined) return absent;
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new AppError("invalid_request", { detail: `'${name}' must be one of ${known.join(", ")}.`, param: name });
}

const labelsOf = (headers: IncomingHttpHeaders): { plan: JudgedPlan; segment: DataSegment } => ({
  plan: labelOf(headers, "x-plan", judgedPlans, "unknown"),
  segment: labelOf(headers, "x-data-segment", dataSegments, "general"),
});

const toApi = ({ samples, sum }: JudgementTotal) => ({ samples, mean: samples === 0 ? null : sum / samples });

/** Answers' quality, as evaluators see it: they post, releases and dashboards read. */
export const consistencyRoutes = (judgements: AnswerJudgements): readonly Route[] => [
  defineRoute({
    method: "post",
    path: "/consistency/sli",
    summary: "Judge answers: their consistency, and what was made up",
    description:
      "`X-Plan` and `X-Data-Segment` say whose answers they are. Both are series of this process in /metrics.",
    tags: ["Operations"],
    auth: "operator",
    body: judgement,
    responses: {
      200: z.object({ ...labels, score: share.nullable(), hallucinationSeverity: share.nullable() }),
    },
    errors: [],
    handler: async ({ body, req }) => {
      const of = labelsOf(req.headers);
      const { outputs, hallucinationSeverity = null } = body;
      const score = outputs === undefined ? (body.score ?? null) : consistencyOf(outputs);
      if (score !== null) judgements.consistency.add(of, score);
      if (hallucinationSeverity !== null) judgements.hallucination.add(of, hallucinationSeverity);
      return { status: 200 as const, body: { ...of, score, hallucinationSeverity } };
    },
  }),
  defineRoute({
    method: "get",
    path: "/consistency/sli",
    summary: "Read what evaluators found of this router's answers",
    description: "Since this process began. Of the platform as a whole: the same series in /metrics of every router.",
    tags: ["Operations"],
    auth: "operator",
    responses: { 200: z.object({ answerConsistency: totals, hallucinationSeverity: totals }) },
    errors: [],
    handler: async () => {
      const shown = ({ all, by }: ReturnType<AnswerJudgements["consistency"]["read"]>) => ({
        ...toApi(all),
        by: by.map(({ plan, segment, ...one }) => ({ plan, segment, ...toApi(one) })),
      });
      const { consistency, hallucination } = judgements;
      const body = {
        answerConsistency: shown(consistency.read()),
        hallucinationSeverity: shown(hallucination.read()),
      };
      return { status: 200 as const, body };
    },
  }),
];
