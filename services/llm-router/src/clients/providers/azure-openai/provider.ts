import { createHttpProvider, type HttpOptions } from "../../provider-http/http-provider.ts";
import type { Provider } from "../provider.ts";
import { readRefusal } from "./refusal.ts";

export interface AzureOptions extends HttpOptions {
  /** `2024-10-21`, or a later one. */
  readonly apiVersion: string;
  /** By the model's name: what it is deployed as. */
  readonly deployments: ReadonlyMap<string, string>;
}

/** learn.microsoft.com, Azure OpenAI: chat completions of a deployment; the model that the body names is not read there. */
export const createAzureOpenAiProvider = (options: AzureOptions): Provider =>
  createHttpProvider(options, {
    native: ["openai-chat"],
    pathOf({ request: { model } }) {
      const deployment = encodeURIComponent(options.deployments.get(model) ?? model);
      return `openai/deployments/${deployment}/chat/completions?api-version=${encodeURIComponent(options.apiVersion)}`;
    },
    authorize: (_request, credential) => ["api-key", credential.reveal()],
    readRefusal,
    checkPath: `openai/models?api-version=${encodeURIComponent(options.apiVersion)}`,
  });
