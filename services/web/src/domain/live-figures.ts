import type { Limits } from "./answers.ts";

/** What the gateway tells of a bucket's owner, once a second at most. */
export interface UsageNews {
  readonly orgId: string | null;
  readonly source: "personal" | "org_pool";
  /** As `2026-11-26`. */
  readonly day: string;
  /** Those that moved. */
  readonly meters: readonly {
    readonly meter: string;
    readonly used: number;
    readonly limit: number;
    readonly remaining: number;
  }[];
  /** Calls that were completed since the last news. */
  readonly calls: number;
}

/** The limits with newer figures; null when they must be read anew, because another day began or nobody knows this meter here. */
export function withNews(limits: Limits, { orgId, source, day, meters }: UsageNews): Limits | null {
  if (day < limits.day) return limits;
  const isOf = (limit: Limits["limits"][number]): boolean => limit.orgId === orgId && limit.source === source;
  const isKnown = meters.every(({ meter }) => limits.limits.some((limit) => isOf(limit) && limit.meter === meter));
  if (day > limits.day || !isKnown) return null;
  const newer = limits.limits.map((limit) => {
    const news = isOf(limit) ? meters.find(({ meter }) => meter === limit.meter) : undefined;
    return news === undefined ? limit : { ...limit, used: news.used, limit: news.limit, remaining: news.remaining };
  });
  return { ...limits, limits: newer };
}
