import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As OpenAI's; an account without credit is a 402. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
