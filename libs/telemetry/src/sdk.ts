import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { scrubbingExporter } from "./scrubbing-exporter.ts";

export interface SdkOptions {
  readonly service: string;
  readonly otlpEndpoint: string;
  readonly sampleRatio: number;
}

/** Loads the SDK: import this module only in a process that exports traces. Ended by `shutdownTracing`. */
export function registerSdk({ service, otlpEndpoint, sampleRatio }: SdkOptions): void {
  const url = `${otlpEndpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = scrubbingExporter(new OTLPTraceExporter({ url, timeoutMillis: 5000 }));
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.namespace": "topdog" }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000, maxQueueSize: 4096, exportTimeoutMillis: 5000 }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
}
