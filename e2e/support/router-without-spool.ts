import { loadConfig } from "@topdog/config/load";
import { runService } from "@topdog/http-kit/run-service";
import { createApp, type AppDeps, type RunningSpool } from "@topdog/llm-router/app";
import { configSchema, secretReader } from "@topdog/llm-router/config";
import { createLogger } from "@topdog/telemetry/logger";

/**
 * The router as LiteLLM and most gateways keep usage: in memory, published some time after the answer. It exists to prove
 * that the crash test notices.
 */
const flushMs = 1_000;

const openMemorySpool: AppDeps["openSpool"] = ({ publish }) => {
  let waiting: Parameters<typeof publish>[0][] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    await Promise.allSettled(batch.map((usage) => publish(usage)));
  };
  const timer = setInterval(() => void flush(), flushMs);
  const spool: RunningSpool = {
    recovered: { interruptedCalls: 0, tornBytes: 0 },
    begin: () => ({
      durable: () => Promise.resolve(),
      markBegun: () => undefined,
      finish: (usage) => Promise.resolve(void waiting.push(usage)),
    }),
    record: (usage) => Promise.resolve(waiting.push(usage) > 0),
    stats: () => ({ bytes: 0, segments: 0, openCalls: 0, healthy: true }),
    stop: async () => {
      clearInterval(timer);
      await flush();
    },
  };
  return Promise.resolve(spool);
};

const config = loadConfig("llm-router", configSchema, { env: process.env, argv: process.argv });
const logger = createLogger({ service: "llm-router", level: config.LOG_LEVEL });

await runService({
  name: "llm-router",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = await createApp({ config, logger, readSecret: secretReader(process.env), openSpool: openMemorySpool });
    await app.start();
    return app;
  },
});
