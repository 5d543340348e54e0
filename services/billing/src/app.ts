import { callerVerifier } from "@topdog/http-kit/auth";
import { defineService } from "@topdog/service/define";
import { configSchema } from "./config.ts";
import { onOrgUpdated } from "./consumers/on-org-updated.ts";
import { createRoutes } from "./routes/routes.ts";

export const billing = defineService({
  name: "billing",
  needs: { database: true, bus: "required" },
  config: configSchema,
  deps: { nowMs: Date.now },
  build: ({ config, deps: { nowMs }, ...context }) => ({
    routes: createRoutes({
      db: context.db,
      regulatedLineup: config.REGULATED_LINEUP,
      stripeKeySet: config.STRIPE_SECRET_KEY !== undefined,
    }),
    verifiers: { caller: callerVerifier({ publicKeys: config.CALLER_PUBLIC_KEYS, audience: "billing", nowMs }) },
    parts: { "org.updated": onOrgUpdated(context) },
  }),
});
