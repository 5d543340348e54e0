import { expect, test } from "@jest/globals";
import { plans } from "@topdog/contracts/plans";
import {
  concurrencyHeaders,
  describeSpent,
  formatReset,
  limitHeaders,
  nextPlanUp,
  type LimitView,
} from "./rate-limit.ts";

const view = (over: Partial<LimitView>): LimitView => ({
  scope: "personal",
  meter: "api_calls",
  limit: 75,
  remaining: 70,
  ...over,
});

test("a reset is written as OpenAI writes it", () => {
  expect([5, 65, 3600, 11_525].map(formatReset)).toEqual(["5s", "1m5s", "1h0m0s", "3h12m5s"]);
});

test("the OpenAI headers show the limit that runs out first", () => {
  const views = [view({}), view({ meter: "llm_requests", limit: 40, remaining: 3 })];
  const headers = limitHeaders(views, "personal", 60);
  expect(headers.slice(headers.indexOf("x-ratelimit-limit-requests"))).toEqual([
    "x-ratelimit-limit-requests",
    "40",
    "x-ratelimit-remaining-requests",
    "3",
    "x-ratelimit-reset-requests",
    "1m0s",
  ]);
});

test("concurrent requests that are all running stand before the limits of the day, or alone while those are unknown", () => {
  expect(concurrencyHeaders(2, [], 60)).toEqual([
    "RateLimit-Policy",
    '"concurrent-requests";q=2;qu="concurrent-requests"',
    "RateLimit",
    '"concurrent-requests";r=0;t=1',
  ]);
  expect(concurrencyHeaders(2, [view({})], 60).slice(0, 4)).toEqual([
    "RateLimit-Policy",
    '"concurrent-requests";q=2;qu="concurrent-requests", "personal-api-calls";q=75;w=86400',
    "RateLimit",
    '"concurrent-requests";r=0;t=1, "personal-api-calls";r=70;t=60',
  ]);
});

test("nothing is stated that quota has not told yet", () => {
  expect(limitHeaders([], null, 60)).toEqual([]);
});

test("the next plan up is of the same lineup, and the top has none", () => {
  expect(nextPlanUp(plans, "free", "llm_requests")?.id).toBe("pro");
  expect(nextPlanUp(plans, "med_pro", "api_calls")?.id).toBe("med_teams");
  expect(nextPlanUp(plans, "enterprise", "api_calls")).toBeNull();
  const text = describeSpent(
    { views: [view({ remaining: 0 })], plan: "enterprise", resetSeconds: 60, resetsAt: "x" },
    plans,
  );
  expect(text).toContain("largest of its kind");
});
