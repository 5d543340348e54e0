import { tokensOf } from "@topdog/dialects/token-usage";
import type { WireFormat } from "../provider.ts";
import { readWholeAnswer } from "./answer.ts";
import { newEventReader } from "./event-reader.ts";
import { write } from "./request.ts";

/** Converse and ConverseStream. A stream ends with the usage, and no event that says so. */
export const format: WireFormat = {
  id: "bedrock-converse",
  inbound: null,
  outbound: { write, readAnswer: readWholeAnswer, newEventReader },
  stream: { endEvent: "" },
  readAnswer(body) {
    const answer = readWholeAnswer(body);
    if (answer === null) return null;
    return { usage: answer.usage === null ? null : tokensOf(answer.usage) };
  },
};
