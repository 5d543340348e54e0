import { spawnSync } from "node:child_process";
import { conditions } from "../../monitoring/analysis/verdict.ts";
import { objectives } from "../../monitoring/slo/all.ts";

type Phase = "Successful" | "Failed" | "Inconclusive";
interface Question {
  readonly name: string;
  readonly success: string;
  readonly failure: string;
  readonly result: readonly string[];
  readonly expected: Phase;
}

const timeoutMs = 30_000;

/** What each condition must make of each kind of answer that Prometheus can give. */
const answers = (failAt: number): readonly (readonly [result: readonly string[], expected: Phase])[] => [
  [["0"], "Successful"],
  [[String(failAt * 0.999)], "Successful"],
  [[String(failAt)], "Failed"],
  [[String(failAt * 1000)], "Failed"],
  [["+Inf"], "Failed"],
  [["-1"], "Inconclusive"],
  [["-2"], "Inconclusive"],
  [["NaN"], "Inconclusive"],
  [[], "Inconclusive"],
  [["0", "0"], "Inconclusive"],
  [["0", String(failAt * 2)], "Inconclusive"],
];

const questions = (): Question[] =>
  objectives.flatMap(({ service, gates }) =>
    gates.flatMap((gate) =>
      answers(gate.failAt).map(([result, expected]) => ({
        name: `${service} ${gate.name}`,
        ...conditions(gate),
        result,
        expected,
      })),
    ),
  );

/** Asks Argo Rollouts' own code about every gate; what it judged otherwise than it must. */
export function findConditionProblems(binary: string): { readonly asked: number; readonly problems: string[] } {
  const all = questions();
  const input = all.map(({ success, failure, result }) => JSON.stringify({ success, failure, result })).join("\n");
  const { stdout, status, error } = spawnSync(binary, { input, encoding: "utf8", timeout: timeoutMs });
  if (error !== undefined) throw error;
  const phases = stdout.trim().split("\n");
  if (status !== 0 || phases.length !== all.length)
    throw new Error(`${binary} answered ${phases.length} of ${all.length}`);
  const problems = all.flatMap(({ name, result, expected }, index) =>
    phases[index] === expected ? [] : [`${name}: [${result.join(", ")}] is ${phases[index]}, not ${expected}`],
  );
  return { asked: all.length, problems };
}
