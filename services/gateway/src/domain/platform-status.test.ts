import { expect, test } from "@jest/globals";
import { platformStatus, type Sightings } from "./platform-status.ts";

const well: Sightings = {
  busIsConnected: true,
  connectedRouters: 2,
  routers: 2,
  isReady: { "org-registry": true, quota: true, billing: true },
  openBreakers: 0,
};
const stateOf = (seen: Partial<Sightings>): string[] => {
  const { state, parts } = platformStatus({ ...well, ...seen }, 0);
  return [state, ...parts.map((part) => part.state)];
};

test("the platform is down with its LLM API alone; whatever else is away degrades it", () => {
  const ok = "operational";
  expect(stateOf({})).toEqual([ok, ok, ok, ok, ok, ok]);
  expect(stateOf({ connectedRouters: 0 })).toEqual(["down", "down", ok, ok, ok, ok]);
  expect(stateOf({ connectedRouters: 1 })).toEqual(["degraded", "degraded", ok, ok, ok, ok]);
  expect(stateOf({ busIsConnected: false })).toEqual(["degraded", "degraded", ok, ok, ok, ok]);
  expect(stateOf({ openBreakers: 1 })).toEqual(["degraded", ok, "degraded", ok, ok, ok]);
  expect(stateOf({ isReady: { ...well.isReady, billing: false } })).toEqual(["degraded", ok, ok, ok, ok, "down"]);
  expect(stateOf({ isReady: { ...well.isReady, quota: false } })).toEqual(["degraded", "degraded", ok, ok, "down", ok]);
});
