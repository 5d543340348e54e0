import type { AttemptFailure } from "../../domain/attempt-failure.ts";
import type { AttemptOutcome, WireFormat } from "../providers/provider.ts";
import type { AttemptControl, BodyReader } from "./body-reader.ts";

const maxAnswerBytes = 8 * 1024 * 1024;
/** Two thousand vectors of three thousand numbers, in base64. */
const maxVectorsBytes = 32 * 1024 * 1024;
const malformed: AttemptFailure = { kind: "malformed", retryAfterSeconds: null };

function outcomeOf(format: WireFormat, body: Buffer): AttemptOutcome {
  const answer = format.readAnswer(body);
  return answer === null ? { kind: "failure", failure: malformed } : { kind: "answer", body, usage: answer.usage };
}

/** A plain answer is taken whole or not at all: a cut one falls back like any other failure. */
export function createPlainReader(control: AttemptControl, format: WireFormat): BodyReader {
  const chunks: Buffer[] = [];
  const maxBytes = format.stream === null ? maxVectorsBytes : maxAnswerBytes;
  let bytes = 0;
  return {
    onData(chunk) {
      bytes += chunk.length;
      if (bytes > maxBytes) control.abort("oversized");
      else chunks.push(chunk);
    },
    onEnd() {
      control.decide(outcomeOf(format, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    },
    onFailure: () => undefined,
  };
}
