import type { JudgedPlan } from "./answer-consistency.ts";
import type { DataSegment } from "./data-segment.ts";

export interface Judged {
  readonly plan: JudgedPlan;
  readonly segment: DataSegment;
}

export interface JudgementTotal {
  readonly samples: number;
  readonly sum: number;
}

interface Judgements {
  add(of: Judged, value: number): void;
  read(): { readonly all: JudgementTotal; readonly by: readonly (Judged & JudgementTotal)[] };
}

export interface AnswerJudgements {
  readonly consistency: Judgements;
  readonly hallucination: Judgements;
}

type Observe = (of: Judged, value: number) => void;

function judgements(observe: Observe): Judgements {
  const totals = new Map<string, Judged & { samples: number; sum: number }>();
  return {
    add(of, value) {
      observe(of, value);
      const key = `${of.plan}/${of.segment}`;
      const total = totals.get(key) ?? { ...of, samples: 0, sum: 0 };
      total.samples += 1;
      total.sum += value;
      totals.set(key, total);
    },
    read() {
      const by = [...totals.values()];
      const all = by.reduce((sum, one) => ({ samples: sum.samples + one.samples, sum: sum.sum + one.sum }), {
        samples: 0,
        sum: 0,
      });
      return { all, by };
    },
  };
}

/** What evaluators say of this process's answers, since it began: for as many plans and segments as there are. */
export const createAnswerJudgements = (observe: {
  readonly consistency: Observe;
  readonly hallucination: Observe;
}): AnswerJudgements => ({
  consistency: judgements(observe.consistency),
  hallucination: judgements(observe.hallucination),
});
