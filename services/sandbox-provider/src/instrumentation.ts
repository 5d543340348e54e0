import { startInstrumentation } from "@topdog/telemetry/instrument";

await startInstrumentation("sandbox-provider", { auto: false });
