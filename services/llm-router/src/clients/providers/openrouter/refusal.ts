import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's, with the status as a number for its code. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
