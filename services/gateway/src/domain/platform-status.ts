export const platformParts = ["llm_api", "providers", "account", "usage", "billing"] as const;
export type PlatformPart = (typeof platformParts)[number];
export const partStates = ["operational", "degraded", "down"] as const;
export type PartState = (typeof partStates)[number];

export interface PlatformStatus {
  readonly state: PartState;
  readonly parts: readonly { readonly id: PlatformPart; readonly state: PartState }[];
  /** Unix milliseconds. */
  readonly checkedAtMs: number;
}

/** What a gateway has seen of the others. */
export interface Sightings {
  readonly busIsConnected: boolean;
  readonly connectedRouters: number;
  readonly routers: number;
  /** Whether some instance answered its readiness probe. */
  readonly isReady: Readonly<Record<"org-registry" | "quota" | "billing", boolean>>;
  /** Breakers that are not closed, of those that were heard of. */
  readonly openBreakers: number;
}

const readiness = (isReady: boolean): PartState => (isReady ? "operational" : "down");

/** The LLM API goes on for known keys and held tokens while others are away: then it is degraded, not down. */
function llmApiState({ busIsConnected, connectedRouters, routers, isReady }: Sightings): PartState {
  if (connectedRouters === 0) return "down";
  const isWhole = busIsConnected && connectedRouters === routers && isReady["org-registry"] && isReady.quota;
  return isWhole ? "operational" : "degraded";
}

/** The parts of the platform as somebody outside would name them. */
export function platformStatus(seen: Sightings, checkedAtMs: number): PlatformStatus {
  const states: Record<PlatformPart, PartState> = {
    llm_api: llmApiState(seen),
    providers: seen.openBreakers > 0 ? "degraded" : "operational",
    account: readiness(seen.isReady["org-registry"]),
    usage: readiness(seen.isReady.quota),
    billing: readiness(seen.isReady.billing),
  };
  const all = platformParts.map((id) => states[id]);
  const state =
    states.llm_api === "down" ? "down" : all.every((one) => one === "operational") ? "operational" : "degraded";
  return { state, parts: platformParts.map((id) => ({ id, state: states[id] })), checkedAtMs };
}
