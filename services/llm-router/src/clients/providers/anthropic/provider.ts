import { modelTable } from "../../../domain/model-table.ts";
import { createHttpProvider } from "../../provider-http/http-provider.ts";
import { dialectPath } from "../openai-compatible/provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import type { ProviderCall } from "../provider.ts";
import { readRefusal } from "./refusal.ts";

const versionHeader = "anthropic-version";
const version = "2023-06-01";

/** The API wants one; callers of its own dialect may name another. */
const versionOf = ({ headers }: ProviderCall): readonly string[] =>
  headers.includes(versionHeader) ? [] : [versionHeader, version];

/** docs.claude.com/en/api: Messages, with the caller's own `anthropic-version` and `anthropic-beta`. */
export const anthropic: BuiltInProvider = {
  id: "anthropic",
  baseUrl: "https://api.anthropic.com/v1",
  models: modelTable.anthropic,
  create: (options) =>
    createHttpProvider(options, {
      native: ["anthropic-messages"],
      pathOf: dialectPath,
      authorize: ({ method }, credential) => [
        "x-api-key",
        credential.reveal(),
        // The list of models wants it too.
        ...(method === "GET" ? [versionHeader, version] : []),
      ],
      headersOf: versionOf,
      readRefusal,
      checkPath: "models?limit=1",
    }),
};
