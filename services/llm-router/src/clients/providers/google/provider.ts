import { modelTable } from "../../../domain/model-table.ts";
import { createHttpProvider } from "../../provider-http/http-provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { format } from "./format.ts";
import { readRefusal } from "./refusal.ts";

/** ai.google.dev/api: Gemini's own API. */
export const google: BuiltInProvider = {
  id: "google",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta",
  models: modelTable.google,
  create: (options) =>
    createHttpProvider(options, {
      native: [],
      ownFormat: format,
      pathOf({ request: { model, streamed } }) {
        const method = streamed ? "streamGenerateContent?alt=sse" : "generateContent";
        return `models/${encodeURIComponent(model)}:${method}`;
      },
      authorize: (_request, credential) => ["x-goog-api-key", credential.reveal()],
      readRefusal,
      checkPath: "models?pageSize=1",
    }),
};
