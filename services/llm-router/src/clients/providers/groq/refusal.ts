import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's; a tool call that the model garbled is a 400 `tool_use_failed`. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
