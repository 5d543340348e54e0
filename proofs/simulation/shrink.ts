import type { History, Step } from "./history.ts";

/** Returns how a history fails; null when it does not. */
export type Fails = (history: History) => Promise<string | null>;

export interface Shortest {
  readonly history: History;
  readonly failure: string;
}

const guaranteeOf = (failure: string): string => failure.split(":", 1)[0] ?? "";

/** Runs of smaller histories, at most. */
const maxTries = 2_000;

/**
 * The shortest history that still fails, found by delta debugging (Zeller and Hildebrandt, ddmin): ever smaller parts of the steps are left
 * out, then what is left is made smaller. It breaks the same guarantee as the first.
 */
export async function shrink(first: Shortest, fails: Fails): Promise<Shortest> {
  let shortest = first;
  let tries = 0;
  const improves = async (history: History): Promise<boolean> => {
    tries += 1;
    if (tries > maxTries) return false;
    const failure = await fails(history);
    if (failure === null || guaranteeOf(failure) !== guaranteeOf(first.failure)) return false;
    shortest = { history, failure };
    return true;
  };
  const withSteps = (steps: readonly Step[]): History => ({ ...shortest.history, steps });

  async function leaveOut(): Promise<boolean> {
    let isShorter = false;
    for (
      let part = Math.ceil(shortest.history.steps.length / 2);
      part >= 1;
      part = part === 1 ? 0 : Math.ceil(part / 2)
    ) {
      for (let at = 0; at < shortest.history.steps.length;) {
        const { steps } = shortest.history;
        if (await improves(withSteps([...steps.slice(0, at), ...steps.slice(at + part)]))) isShorter = true;
        else at += part;
      }
    }
    return isShorter;
  }

  async function makeSmaller(): Promise<boolean> {
    let isSmaller = false;
    for (let at = 0; at < shortest.history.steps.length; at += 1) {
      for (const smaller of smallerSteps(shortest.history.steps[at] as Step)) {
        if (await improves(withSteps(shortest.history.steps.with(at, smaller)))) {
          isSmaller = true;
          break;
        }
      }
    }
    for (const size of ["gateways", "replicas"] as const) {
      const fewer = { ...shortest.history, [size]: shortest.history[size] - 1 };
      if (fewer[size] > 0 && (await improves(fewer))) isSmaller = true;
    }
    return isSmaller;
  }

  while ((await leaveOut()) || (await makeSmaller()));
  return shortest;
}

function smallerSteps(step: Step): Step[] {
  switch (step.kind) {
    case "calls":
      return [
        ...[1, Math.ceil(step.count / 2), step.count - 1]
          .filter((count) => count > 0 && count < step.count)
          .map((count) => ({ ...step, count })),
        ...(step.clients > 1 ? [{ ...step, clients: 1 }] : []),
        ...(step.lastsMs > 0 ? [{ ...step, lastsMs: 0 }] : []),
        ...(step.gateway > 0 ? [{ ...step, gateway: 0 }] : []),
        ...(step.isChat ? [{ ...step, isChat: false }] : []),
      ];
    case "time passes":
    case "cut off":
    case "stands still":
      return step.ms > 1 ? [1, Math.ceil(step.ms / 4)].filter((ms) => ms < step.ms).map((ms) => ({ ...step, ms })) : [];
    default:
      return [];
  }
}

/** A history as a person reads it. */
export function describeHistory({ steps, ...world }: History): string {
  return [JSON.stringify(world), ...steps.map((step, index) => `  ${index + 1}. ${JSON.stringify(step)}`)].join("\n");
}
