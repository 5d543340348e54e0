import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's, with the request's id beside it. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
