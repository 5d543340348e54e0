import { findEmptyPanels } from "../rules/panels.ts";
import type { RehearsedPlatform } from "./platform.ts";
import { prometheusUrl } from "./prometheus.ts";

const needsTheExporter = "its series come from the NATS exporter, a program of its own that the rehearsal does not run";

/** Panels that stay empty on a rehearsal, and why. */
const leftEmpty: Readonly<Record<string, string>> = {
  "topdog-bus: Waiting for a consumer": needsTheExporter,
  "topdog-bus: Not acknowledged": needsTheExporter,
  "topdog-bus: Delivered again": needsTheExporter,
  "topdog-bus: Streams": needsTheExporter,
};

export interface PanelFindings {
  readonly asked: number;
  /** Panels without data that should have some, and exceptions that are none. */
  readonly problems: readonly string[];
}

export async function findPanelProblems({ cluster }: RehearsedPlatform): Promise<PanelFindings> {
  const { asked, empty } = await findEmptyPanels((path) => cluster.exec("curl", ["-s", `${prometheusUrl}${path}`]));
  return {
    asked: asked - Object.keys(leftEmpty).length,
    problems: [
      ...empty.filter((panel) => !(panel in leftEmpty)).map((panel) => `${panel}: no data`),
      ...Object.keys(leftEmpty)
        .filter((panel) => !empty.includes(panel))
        .map((panel) => `${panel}: has data, and is listed as left empty`),
    ],
  };
}
