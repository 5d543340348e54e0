import { gateSamplesSeries, gateSeries } from "../rules/gate-rules.ts";
import { objectives } from "../slo/all.ts";
import type { Gate, ServiceObjectives } from "../slo/definition.ts";
import { type Board, lines, now, query } from "./board.ts";

const grafanaUnits: Readonly<Record<string, "percentunit" | "currencyUSD">> = { "USD per 1,000 calls": "currencyUSD" };
const unitOf = ({ unit }: Gate): "percentunit" | "currencyUSD" | "short" =>
  grafanaUnits[unit] ?? (unit.startsWith("share") ? "percentunit" : "short");

const panelsOf = ({ service, gates }: ServiceObjectives) =>
  gates.map((gate) =>
    lines(
      `${service}: ${gate.name.replaceAll("_", " ")}`,
      unitOf(gate),
      `${gate.meaning}. Fails from ${gate.failAt} on; -1: waiting for samples.`,
      [query(`${gateSeries}{service="${service}",gate="${gate.name}"}`, "revision {{revision}}")],
      { badFrom: gate.failAt },
    ),
  );

/** Made from the gates, so that it shows what decides. */
export const canaryBoard: Board = {
  uid: "topdog-canary",
  title: "Top Dog: canary compare",
  description: "Each gate, for each revision apart: what a release is judged by, and by how many samples.",
  rows: [
    {
      title: "Revisions",
      panels: [
        now("Processes", "short", "By service and revision.", [
          query('count by (service, revision) (up{job="topdog"} == 1)', "{{service}} {{revision}}"),
        ]),
        lines("Samples", "short", "What the verdicts rest on.", [
          query(gateSamplesSeries, "{{service}} {{gate}} {{revision}}"),
        ]),
      ],
    },
    ...objectives.map((own) => ({ title: own.service, panels: panelsOf(own) })),
  ],
};
