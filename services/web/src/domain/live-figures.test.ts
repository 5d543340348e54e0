import { describe, expect, test } from "@jest/globals";
import type { Limits } from "./answers.ts";
import { type UsageNews, withNews } from "./live-figures.ts";

const limit = (orgId: string | null, source: "personal" | "org_pool", used: number): Limits["limits"][number] => ({
  orgId,
  source,
  meter: "api_calls",
  plan: "teams",
  limit: 100,
  used,
  remaining: 100 - used,
  share: null,
  resetsAt: "2026-11-27T00:00:00.000Z",
});
const limits: Limits = {
  day: "2026-11-26",
  resetsAt: "2026-11-27T00:00:00.000Z",
  limits: [limit(null, "personal", 1), limit("org_1", "personal", 2), limit("org_1", "org_pool", 3)],
  ceilings: [],
  concurrency: [],
  byok: [],
};
const news = (parts: Partial<UsageNews>): UsageNews => ({
  orgId: "org_1",
  source: "org_pool",
  day: "2026-11-26",
  meters: [{ meter: "api_calls", used: 40, limit: 120, remaining: 80 }],
  calls: 1,
  ...parts,
});
const usedOf = (shown: Limits | null) => shown?.limits.map(({ used }) => used);

describe("news of what is used", () => {
  test("change the figures of the one source that they are about", () => {
    const shown = withNews(limits, news({}));
    expect(usedOf(shown)).toEqual([1, 2, 40]);
    expect(shown?.limits[2]).toMatchObject({ limit: 120, remaining: 80 });
    expect(usedOf(withNews(limits, news({ source: "personal" })))).toEqual([1, 40, 3]);
    expect(usedOf(withNews(limits, news({ orgId: null, source: "personal" })))).toEqual([40, 2, 3]);
  });

  test("of a new day, or of a limit that is not shown, mean that all is read anew; of an old day they mean nothing", () => {
    expect(withNews(limits, news({ day: "2026-11-27" }))).toBeNull();
    expect(withNews(limits, news({ orgId: null }))).toBeNull();
    expect(usedOf(withNews(limits, news({ day: "2026-11-25" })))).toEqual([1, 2, 3]);
  });

  test("of calls alone change no figure", () => {
    expect(usedOf(withNews(limits, news({ meters: [] })))).toEqual([1, 2, 3]);
  });
});
