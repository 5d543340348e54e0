import { expect, test } from "@jest/globals";
import { startHotSpan, startPublicSpan, startTracing } from "@topdog/telemetry/tracing";

const sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a stranger's sampled flag is not obeyed where our ratio says no; a sibling's is", async () => {
  const tracing = await startTracing({ service: "sample", otlpEndpoint: "http://127.0.0.1:9", sampleRatio: 0 });
  expect(startPublicSpan("stranger", sampled)).toBeNull();
  expect(startPublicSpan("stranger", undefined)).toBeNull();
  expect(startHotSpan("sibling", sampled)).not.toBeNull();
  await tracing.shutdown();
});
