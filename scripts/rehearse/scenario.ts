import type { ServiceName } from "@topdog/contracts/services";
import type { SteadyLoad } from "./load/load.ts";
import type { RehearsedPlatform } from "./platform.ts";

export interface Scenario {
  readonly name: string;
  /** Scenarios of one service run one after another, beside those of others; one that touches all has nobody beside it. */
  readonly lane: ServiceName | "alone";
  /** What must come of it. */
  readonly expected: string;
  /** How many servers the bus needs for it; such a scenario runs by its name only, because all others have one. */
  readonly busServers?: number;
  /** What came of it, in the same words. */
  run(platform: RehearsedPlatform, load: SteadyLoad): Promise<string>;
}
