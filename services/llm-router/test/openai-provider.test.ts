import { createOpenAiProvider } from "../src/clients/providers/openai/openai-provider.ts";
import { describeProvider } from "./provider-conformance.ts";

describeProvider("the OpenAI-compatible adapter", (url) =>
  createOpenAiProvider({ baseUrl: `${url}/v1`, apiKey: "sk-test", maxConnections: 8, connectTimeoutMs: 1000 }),
);
