import { startInstrumentation } from "@topdog/telemetry/instrument";

// Spans of the hot path are written by hand: patching http costs about 30 µs a request even when nothing is sampled.
await startInstrumentation("llm-router", { auto: false });
