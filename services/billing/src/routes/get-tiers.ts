import { defineRoute } from "@topdog/http-kit/route";
import { listTiers } from "../domain/tier.ts";
import type { BillingDeps } from "./deps.ts";
import { tiersSchema, toApiTier } from "./tier-schema.ts";

export const getTiersRoute = ({ regulatedLineup }: BillingDeps) =>
  defineRoute({
    method: "get",
    path: "/api/tiers",
    summary: "The plans with their prices and limits",
    tags: ["Billing"],
    auth: "none",
    responses: { 200: tiersSchema },
    errors: [],
    handler: async () => ({
      status: 200 as const,
      body: { currency: "usd" as const, tiers: listTiers({ regulatedLineup }).map(toApiTier) },
    }),
  });
