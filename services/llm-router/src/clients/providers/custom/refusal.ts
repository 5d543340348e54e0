import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's: what speaks its API has its errors. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
