import type { ServiceName } from "@topdog/contracts/services";
import { imageTag } from "./images/images.ts";
import { ship } from "./release.ts";
import type { Scenario } from "./scenario.ts";

/** Those that others ask come first, as the workflow `deploy` ships them. */
const releaseOrder = [
  "org-registry",
  "billing",
  "quota",
  "llm-router",
  "gateway",
] as const satisfies readonly ServiceName[];

/** From an earlier tree to this one: its charts with the first release, then the build of one service after the other. */
export const upgradeScenario: Scenario = {
  lane: "alone",
  name: "upgrade: from an earlier build to this one, service by service",
  expected: releaseOrder.map((service) => `${service} promoted`).join(", "),
  run: async (platform) => {
    platform.releases.useChartsOf(platform.root);
    const outcomes: string[] = [];
    for (const service of releaseOrder) {
      const { verdict } = await ship(platform, service, { "image.tag": imageTag });
      outcomes.push(`${service} ${verdict}`);
      if (verdict !== "promoted") break;
    }
    return outcomes.join(", ");
  },
};
