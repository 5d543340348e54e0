import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { partStates, platformParts } from "../domain/platform-status.ts";
import type { GatewayRouteDeps } from "./deps.ts";

const names = {
  llm_api: "LLM API",
  providers: "Model providers",
  account: "Accounts and orgs",
  usage: "Usage and limits",
  billing: "Billing",
} as const;

const statusSchema = z.object({
  state: z.enum(partStates),
  parts: z.array(z.object({ id: z.enum(platformParts), name: z.string(), state: z.enum(partStates) })),
  checkedAt: z.iso.datetime(),
});

export const getStatusRoute = ({ status }: GatewayRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/status",
    summary: "How the platform is",
    description: "From memory: what this gateway saw last, some seconds ago at most.",
    tags: ["Status"],
    auth: "none",
    responses: { 200: statusSchema },
    errors: [],
    handler: async () => {
      const { state, parts, checkedAtMs } = status();
      const body = {
        state,
        parts: parts.map((part) => ({ ...part, name: names[part.id] })),
        checkedAt: new Date(checkedAtMs).toISOString(),
      };
      return { status: 200 as const, body, headers: { "cache-control": "public, max-age=5" } };
    },
  });
