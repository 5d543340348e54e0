import { tokensOf } from "@topdog/dialects/token-usage";
import type { WireFormat } from "../provider.ts";
import { readWholeAnswer } from "./answer.ts";
import { newEventReader } from "./event-reader.ts";
import { write } from "./request.ts";

/** generateContent and streamGenerateContent. A stream has no event that ends it: its last candidates' reasons do. */
export const format: WireFormat = {
  id: "google-generate-content",
  inbound: null,
  outbound: { write, readAnswer: readWholeAnswer, newEventReader },
  stream: { endEvent: "" },
  readAnswer(body) {
    const answer = readWholeAnswer(body);
    if (answer === null) return null;
    return { usage: answer.usage === null ? null : tokensOf(answer.usage) };
  },
};
