import { expect, test } from "@jest/globals";
import { timescales } from "../slo/timescale.ts";

const secondsOf = (text: string): number => {
  const [, count, unit] = /^(\d+)([sm])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`${text} is no duration in seconds or minutes`);
  return Number(count) * (unit === "m" ? 60 : 1);
};

test.each(timescales.map((one) => [one.name, one] as const))(
  "%s: at the first measurement the release has calls of the whole short window, as the stable revision has",
  (_, { windows, analysis }) => {
    expect(secondsOf(analysis.initialDelay)).toBeGreaterThanOrEqual(secondsOf(windows.short));
  },
);
