import { modelTable } from "../../../domain/model-table.ts";
import { createHttpProvider } from "../../provider-http/http-provider.ts";
import type { BuiltInProvider } from "../built-in-provider.ts";
import { authorize } from "./authorize.ts";
import { newDecoder } from "./event-stream.ts";
import { format } from "./format.ts";
import { readRefusal } from "./refusal.ts";

/** docs.aws.amazon.com, Converse: one form for every model of Bedrock. The base URL names the region. */
export const bedrock: BuiltInProvider = {
  id: "bedrock",
  baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
  models: modelTable.bedrock,
  create: (options) =>
    createHttpProvider(options, {
      native: [],
      ownFormat: format,
      streamType: "application/vnd.amazon.eventstream",
      newDecoder,
      pathOf({ request: { model, streamed } }) {
        return `model/${encodeURIComponent(model)}/${streamed ? "converse-stream" : "converse"}`;
      },
      authorize,
      readRefusal,
      checkPath: "async-invoke?maxResults=1",
    }),
};
