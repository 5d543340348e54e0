import type { AttemptFailure } from "../../../domain/attempt-failure.ts";
import { readUsage } from "../../../domain/token-usage.ts";
import type { AttemptOutcome } from "../provider.ts";
import type { AttemptControl, BodyReader } from "./attempt.ts";

const maxAnswerBytes = 8 * 1024 * 1024;
const broken: AttemptFailure = { kind: "broken", retryAfterSeconds: null };

interface Answer {
  readonly choices?: unknown;
  readonly usage?: unknown;
}

function outcomeOf(body: Buffer): AttemptOutcome {
  try {
    const answer = JSON.parse(body.toString("latin1")) as Answer | null;
    // An error inside a 200 has no choices.
    if (!Array.isArray(answer?.choices)) return { kind: "failure", failure: broken };
    return { kind: "answer", body, usage: readUsage(answer.usage) };
  } catch {
    return { kind: "failure", failure: broken };
  }
}

/** A plain answer is taken whole or not at all: a cut one falls back like any other failure. */
export function createPlainReader(control: AttemptControl): BodyReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    onData(chunk) {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) control.abort("broken");
      else chunks.push(chunk);
    },
    onEnd() {
      control.decide(outcomeOf(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    },
    onFailure: () => undefined,
  };
}
