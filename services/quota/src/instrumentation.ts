import { startInstrumentation } from "@topdog/telemetry/instrument";

await startInstrumentation("quota");
