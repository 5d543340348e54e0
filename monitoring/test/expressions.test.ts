import { beforeAll, describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import type { AnalysisTemplate } from "../analysis/templates.ts";
import { boards } from "../dashboards/all.ts";
import { monitoringDocuments } from "../documents.ts";
import { findExpressionProblems } from "../expressions/check-expression.ts";
import { knownSeries, type KnownSeries } from "../expressions/known-series.ts";
import { recordedSeries } from "../expressions/recorded-series.ts";
import type { RuleFile } from "../rules/rule-file.ts";

/** On no dashboard, and why. */
const leftOut: Readonly<Record<string, string>> = {
  topdog_gateway_synced_leases_total: "a part of the reports that quota counts",
};

const documents = Object.entries(monitoringDocuments());
const ruleFiles = documents.filter(([path]) => /rules[\w-]*\.yml$/.test(path));
const gateFiles = documents.filter(([path]) => /\/gates-\w+\.yml$/.test(path));
let known: KnownSeries;

beforeAll(async () => {
  const rules = ruleFiles.map(([, text]) => parse(text) as RuleFile);
  known = new Map([...(await knownSeries()), ...recordedSeries(rules)]);
});

const problemsOf = (expressions: readonly string[]): string[] =>
  expressions.flatMap((expr) => findExpressionProblems(expr, known).map((problem) => `${problem}\n  in ${expr}`));

test.each(ruleFiles)("%s: every expression parses, and selects series that our code can make", (_, text) => {
  const { groups } = parse(text) as RuleFile;
  expect(problemsOf(groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)))).toEqual([]);
});

test.each(gateFiles)("%s: every question to Prometheus parses, and asks for what the rules record", (_, text) => {
  const templates = parseAllDocuments(text).map((document) => document.toJS() as AnalysisTemplate);
  expect(templates.length).toBeGreaterThan(0);
  const queries = templates.flatMap(({ spec }) => spec.metrics.map(({ provider }) => provider.prometheus.query));
  expect(problemsOf(queries)).toEqual([]);
});

test.each(boards.map((board) => [board.uid, board] as const))(
  "the dashboard %s: every panel asks for series that our code, the rules or a listed exporter make",
  (_, board) => {
    const panels = board.rows.flatMap((row) => row.panels);
    const expressions = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
    expect(problemsOf(expressions.map((expr) => expr.replaceAll("$__rate_interval", "5m")))).toEqual([]);
    for (const { title, description, queries } of panels) {
      expect([title, description.length > 0, queries.length > 0]).toEqual([title, true, true]);
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  },
);

test("every metric of our services is on a dashboard, or is listed as left out with a reason", async () => {
  const shown = boards.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries)));
  const texts = shown.map(({ expr }) => expr).join("\n");
  const own = [...(await knownSeries()).keys()].filter((name) => name.startsWith("topdog_"));
  const metrics = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, "")));
  const hidden = [...metrics].filter((name) => !texts.includes(name) && !(name in leftOut));
  expect(hidden).toEqual([]);
  expect(Object.keys(leftOut).filter((name) => texts.includes(name) || !metrics.has(name))).toEqual([]);
});

describe("an expression is refused", () => {
  test.each([
    ["topdog_gateway_requests_total >> 1", "a syntax error at"],
    ["rate(topdog_gateway_request_total[5m])", "no series is called topdog_gateway_request_total"],
    ['topdog_gateway_requests_total{status="5xx"}', "has no label status"],
    ['topdog_gateway_requests_total{outcome="fine"}', "no outcome of topdog_gateway_requests_total can be fine"],
    ['topdog_gateway_requests_total{outcome=~"ok|fine"}', "can be fine"],
    ['topdog_gateway_added_overhead_seconds_bucket{le="0.007"}', "can be 0.007"],
    ['slo:objective:ratio{slo="uptime"}', "can be uptime"],
  ])("%s", (expr, problem) => {
    expect(findExpressionProblems(expr, known).join("\n")).toContain(problem);
  });

  test("and one that is right is not", () => {
    expect(findExpressionProblems('sum(rate(topdog_quota_sync_seconds_bucket{le="0.05"}[5m]))', known)).toEqual([]);
  });
});
