import { stripeApiVersion } from "@topdog/stripe-api/version";
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { defineService } from "@topdog/service/define";
import type { Part } from "@topdog/service/part";
import { configSchema } from "./config.ts";
import type { Tx } from "./domain/state.ts";
import { addEndpoint, changeEndpoint } from "./domain/webhook-endpoints.ts";
import { webhookSender } from "./clients/send-webhooks.ts";
import { stripeApi } from "./routes/api/stripe-api.ts";
import { mountCheckout, mountInvoices, pageTools } from "./routes/pages/mount-pages.ts";
import { mountPortal } from "./routes/pages/mount-portal.ts";
import { mountControl } from "./routes/control.ts";
import { allEndpoints } from "./routes/endpoints.ts";
import { openJournal } from "./store/journal.ts";
import { createTwin } from "./usecases/run-twin.ts";

/** How often a running clock looks for what is due. */
const tickMs = 500;
const platformEndpointId = "we_twin_platform";

export const stripeTwin = defineService({
  name: "stripe-twin",
  needs: {},
  config: configSchema,
  deps: { nowMs: Date.now, newSeed: (): string => randomBytes(4).toString("hex") },
  build: ({ config, deps: { nowMs, newSeed }, logger }) => {
    let server: Server | undefined;
    const address = (): string => {
      const bound = server?.address();
      return typeof bound === "object" && bound !== null ? `http://${config.HTTP_HOST}:${bound.port}` : "";
    };
    const twin = createTwin({
      journal: openJournal(config.DATA_DIR ?? null, newSeed),
      nowMs,
      baseUrl: () => config.TWIN_PUBLIC_URL ?? address(),
      deliver: webhookSender({ nowMs, timeoutMs: config.WEBHOOK_TIMEOUT_MS }),
      manualClock: config.CLOCK === "manual",
      furnish: (tx) => tellPlatform(tx, config.WEBHOOK_URL, config.STRIPE_WEBHOOK_SECRET?.reveal()),
      onTaskFailed: (err) => logger.error({ err }, "something that was due could not be done"),
    });
    return {
      parts: {
        clock: ticker(
          () => twin.catchUp(),
          (err) => logger.error({ err }, "what was due could not be done"),
        ),
      },
      web: {
        logRequests: false,
        onServer: (opened) => {
          server = opened;
        },
        mountFirst: (app) => {
          app.use("/v1", stripeApi(twin, allEndpoints));
          mountControl(app, twin);
          const tools = pageTools(twin);
          mountCheckout(app, tools);
          mountInvoices(app, twin, tools);
          mountPortal(app, tools);
        },
      },
    };
  },
});

/** The platform's own endpoint, which stands where it is told to across restarts. */
function tellPlatform(tx: Tx, url: string | undefined, secret: string | undefined): void {
  if (url === undefined || secret === undefined) return;
  tx.put("endpoint_secret", { id: platformEndpointId, secret });
  if (tx.find("webhook_endpoint", platformEndpointId) !== undefined) {
    changeEndpoint(tx, platformEndpointId, { url });
    return;
  }
  const fields = {
    url,
    enabledEvents: ["*"],
    apiVersion: stripeApiVersion,
    description: "the platform",
    metadata: {},
  };
  addEndpoint(tx, fields, { id: platformEndpointId, secret });
}

function ticker(work: () => Promise<void>, failed: (error: unknown) => void): Part {
  let timer: NodeJS.Timeout | undefined;
  return {
    start: () => {
      timer = setInterval(() => void work().catch(failed), tickMs);
    },
    stop: async () => {
      clearInterval(timer);
      await work().catch(failed);
    },
  };
}
