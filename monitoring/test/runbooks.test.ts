import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { boards } from "../dashboards/all.ts";
import { monitoringDocuments } from "../documents.ts";
import type { RuleFile } from "../rules/rule-file.ts";

const root = join(import.meta.dirname, "../..");
const runbooks = join(root, "docs/runbooks");
const alerts = Object.entries(monitoringDocuments())
  .filter(([path]) => path.endsWith("/rules.yml"))
  .flatMap(([, text]) => (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules))
  .flatMap((rule) => ("alert" in rule ? [{ name: rule.alert, runbook: rule.annotations["runbook"] ?? "" }] : []));
const pages = readdirSync(runbooks).map((name) => ({ name, text: readFileSync(join(runbooks, name), "utf8") }));

/** `**Alert**: \`A\`, \`B\`` in a page's head. */
const alertsNamedBy = (text: string): string[] =>
  [...(/^\*\*Alerts?\*\*:(.*?)(?:\n\n|$)/ms.exec(text)?.[1] ?? "").matchAll(/`([A-Z]\w+)`/g)].map(
    ([, name = ""]) => name,
  );

test("every alert names a runbook that exists and names the alert", () => {
  const missing = alerts.filter(({ name, runbook }) => {
    const page = pages.find((one) => runbook === `docs/runbooks/${one.name}`);
    return page === undefined || !alertsNamedBy(page.text).includes(name);
  });
  expect(missing).toEqual([]);
  expect(alerts.length).toBeGreaterThan(30);
});

test("every alert that a runbook names exists, and every runbook is of an alert or says when it is followed", () => {
  const names = new Set(alerts.map(({ name }) => name));
  for (const { name, text } of pages) {
    const named = alertsNamedBy(text);
    expect([name, named.filter((one) => !names.has(one))]).toEqual([name, []]);
    expect([name, named.length > 0 || /^\*\*When\.?\*\*/m.test(text)]).toEqual([name, true]);
  }
});

test("a runbook of an alert says what it means, where to look, what to do and how to see that it is over", () => {
  for (const { name, text } of pages.filter((page) => alertsNamedBy(page.text).length > 0)) {
    const parts = ["What it means", "Look", "Do", "Verify"].filter(
      (part) => !new RegExp(`^\\*\\*${part}`, "m").test(text),
    );
    expect([name, parts]).toEqual([name, []]);
  }
});

test("every dashboard that a runbook links to exists", () => {
  const uids = new Set(boards.map(({ uid }) => uid));
  const linked = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/\/d\/([\w-]+)/g)].map(([, uid = ""]) => ({ name, uid })),
  );
  expect(linked.filter(({ uid }) => !uids.has(uid))).toEqual([]);
  expect(linked.length).toBeGreaterThan(10);
});

test("every npm script and operator's command that a runbook tells exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const folder = join(root, "scripts/topdog");
  const commands = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  for (const { name, text } of pages) {
    for (const [, script = ""] of text.matchAll(/npm run ([\w-]+)/g))
      expect([name, script in scripts]).toEqual([name, true]);
    for (const [, command = ""] of text.matchAll(/npm run topdog -- ([\w-]+)/g)) {
      expect([name, command, commands.includes(`"${command}`)]).toEqual([name, command, true]);
    }
  }
});
