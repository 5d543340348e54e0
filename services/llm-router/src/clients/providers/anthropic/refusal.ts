import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** `error: { type, message }`: OpenAI's, without a code. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
