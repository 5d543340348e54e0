import { stringify } from "yaml";
import { analysisTemplates } from "./analysis/templates.ts";
import { boards } from "./dashboards/all.ts";
import { buildDashboard } from "./dashboards/build-dashboard.ts";
import { sloPage } from "./pages/slo-page.ts";
import { gateGroup } from "./rules/gate-rules.ts";
import { alertRule, type RuleFile } from "./rules/rule-file.ts";
import { sloGroups } from "./rules/slo-rules.ts";
import { objectives } from "./slo/all.ts";
import type { ServiceObjectives } from "./slo/definition.ts";
import { platformAlerts } from "./slo/platform.ts";
import { type Timescale, timescales } from "./slo/timescale.ts";

const header = "# Generated from monitoring/ by npm run generate.\n";
const toYaml = (document: unknown): string => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });

const serviceRules = (own: ServiceObjectives): RuleFile => ({ groups: sloGroups(own) });
const gateRules = (own: ServiceObjectives, timescale: Timescale): RuleFile => ({ groups: [gateGroup(own, timescale)] });

const platformRules: RuleFile = {
  groups: [
    {
      name: "platform-alerts",
      interval: "30s",
      rules: platformAlerts.map(({ forMinutes, ...alert }) =>
        alertRule({ ...alert, ...(forMinutes === 0 ? {} : { for: `${forMinutes}m` }) }),
      ),
    },
  ],
};

const folderOf = (chart: string): string => `charts/${chart}/generated`;

/** Rules and gates of one service at one pace. */
function gateFiles(own: ServiceObjectives, timescale: Timescale): Record<string, string> {
  const templates = analysisTemplates(own, timescale).map(toYaml).join("---\n");
  return {
    [`${folderOf(own.service)}/gate-rules-${timescale.name}.yml`]: header + toYaml(gateRules(own, timescale)),
    [`${folderOf(own.service)}/gates-${timescale.name}.yml`]: header + templates,
  };
}

const filesOf = (own: ServiceObjectives): Record<string, string> =>
  Object.assign(
    { [`${folderOf(own.service)}/rules.yml`]: header + toYaml(serviceRules(own)) },
    ...timescales.map((timescale) => gateFiles(own, timescale)),
  ) as Record<string, string>;

const dashboardPath = (uid: string): string => `${folderOf("topdog")}/dashboards/${uid}.json`;
const toJson = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** Every file that follows from the objectives, by its path from the repository's root. */
export function monitoringDocuments(): Record<string, string> {
  return Object.assign(
    {
      "docs/slo.md": sloPage(),
      [`${folderOf("topdog")}/rules.yml`]: header + toYaml(platformRules),
    },
    ...objectives.map(filesOf),
    Object.fromEntries(boards.map((board) => [dashboardPath(board.uid), toJson(buildDashboard(board))])),
  ) as Record<string, string>;
}
