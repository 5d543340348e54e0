import type { RefusalReader } from "../../provider-http/http-api.ts";
import { readRefusal as readOpenAiRefusal } from "../openai-compatible/refusal.ts";

/** As all of OpenAI's APIs write it. */
export const readRefusal: RefusalReader = readOpenAiRefusal;
