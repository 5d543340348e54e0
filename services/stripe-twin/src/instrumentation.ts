import { startInstrumentation } from "@topdog/telemetry/instrument";

await startInstrumentation("stripe-twin", { auto: false });
