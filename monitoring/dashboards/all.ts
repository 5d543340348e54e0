import { billingBoard } from "./billing.ts";
import type { Board } from "./board.ts";
import { busBoard } from "./bus.ts";
import { canaryBoard } from "./canary.ts";
import { gatewayBoard } from "./gateway.ts";
import { overviewBoard } from "./overview.ts";
import { providersBoard } from "./providers.ts";
import { quotaBoard } from "./quota.ts";
import { runtimeBoard } from "./runtime.ts";

export const boards: readonly Board[] = [
  overviewBoard,
  gatewayBoard,
  providersBoard,
  quotaBoard,
  billingBoard,
  busBoard,
  canaryBoard,
  runtimeBoard,
];
