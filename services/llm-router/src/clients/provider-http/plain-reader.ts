import type { Dialect } from "@topdog/dialects/dialect";
import type { AttemptFailure } from "../../domain/attempt-failure.ts";
import type { AttemptOutcome } from "../providers/provider.ts";
import type { AttemptControl, BodyReader } from "./body-reader.ts";

const maxAnswerBytes = 8 * 1024 * 1024;
const malformed: AttemptFailure = { kind: "malformed", retryAfterSeconds: null };

function outcomeOf(dialect: Dialect, body: Buffer): AttemptOutcome {
  const answer = dialect.readAnswer(body);
  return answer === null ? { kind: "failure", failure: malformed } : { kind: "answer", body, usage: answer.usage };
}

/** A plain answer is taken whole or not at all: a cut one falls back like any other failure. */
export function createPlainReader(control: AttemptControl, dialect: Dialect): BodyReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    onData(chunk) {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) control.abort("oversized");
      else chunks.push(chunk);
    },
    onEnd() {
      control.decide(outcomeOf(dialect, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    },
    onFailure: () => undefined,
  };
}
