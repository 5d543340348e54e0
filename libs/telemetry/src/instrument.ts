import { startTracing, type Tracing } from "./tracing.ts";

export interface InstrumentOptions {
  /** Whether http, express and pg are patched. Off on the hot path: patching costs about 30 µs a request even unsampled. */
  readonly auto?: boolean;
}

/** Modules that the loader hook wraps; all others load as they are, which keeps the start fast and safe. */
const patchedModules = ["http", "https", "express", "pg", "pg-pool"];

function readSampleRatio(text: string | undefined): number {
  const ratio = Number(text ?? "1");
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
}

/**
 * Call it, awaited, in a service's instrumentation.ts, which `node --import` loads before anything else. Loads nothing
 * unless OTEL_EXPORTER_OTLP_ENDPOINT is set. OTEL_TRACES_SAMPLER_ARG is the share of traces kept, 0 to 1.
 */
export async function startInstrumentation(service: string, { auto = true }: InstrumentOptions = {}): Promise<Tracing> {
  const otlpEndpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const sampleRatio = readSampleRatio(process.env["OTEL_TRACES_SAMPLER_ARG"]);
  const isOn = otlpEndpoint !== undefined && otlpEndpoint !== "";
  if (isOn && auto) {
    // The hook must stand before any instrumented module is imported: without it express spans vanish silently.
    const { register } = await import("import-in-the-middle/register-hooks.mjs");
    register({ include: patchedModules });
  }
  const tracing = await startTracing({ service, otlpEndpoint, sampleRatio });
  if (isOn && auto) {
    const { patchLibraries } = await import("./patch-libraries.ts");
    patchLibraries();
  }
  return tracing;
}
