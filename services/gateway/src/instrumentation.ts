import { startInstrumentation } from "@topdog/telemetry/instrument";

await startInstrumentation("gateway", { auto: false });
