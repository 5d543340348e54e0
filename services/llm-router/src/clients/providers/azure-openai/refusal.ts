import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's; a wrong key is `{ statusCode, message }`. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
