import type { AnswerEvent, AnswerUsage } from "./conversation-answer.ts";
import type { EventReader, EventWriter } from "./conversation-forms.ts";
import type { EventMeaning, StreamReader } from "./dialect.ts";
import { tokensOf } from "./token-usage.ts";

/** Reads a provider's events and says them in the caller's dialect as they come. */
export interface TranslatingReader extends StreamReader {
  /** What has been said since the last time: whole events, or empty. */
  take(): string;
  /** What a complete answer ends with. */
  end(): string;
}

const isOutput = ({ kind }: AnswerEvent): boolean => kind !== "start" && kind !== "usage";

export function createTranslatingReader(
  events: EventReader,
  writer: EventWriter,
  { choices, model }: { readonly choices: number; readonly model: string },
): TranslatingReader {
  const finished = new Set<number>();
  let said: string[] = [];
  let contentEvents = 0;
  let usage: AnswerUsage | null = null;

  function say(steps: readonly AnswerEvent[]): EventMeaning {
    let meaning: EventMeaning = steps.length === 0 ? "comment" : "opening";
    for (const step of steps) {
      if (step.kind === "end") return "end";
      if (step.kind === "error") return step.error;
      if (step.kind === "usage") ({ usage } = step);
      if (step.kind === "finish") finished.add(step.choice);
      // A provider may not say which model answers.
      const named = step.kind === "start" && step.model === "" ? { ...step, model } : step;
      said.push(writer.write(named));
      if (isOutput(step)) meaning = "content";
    }
    if (meaning === "content") contentEvents += 1;
    return meaning;
  }

  return {
    read(bytes, start, end) {
      try {
        const steps = events.read(bytes, start, end);
        return steps === null ? "malformed" : say(steps);
      } catch {
        // Steps in an order that the dialect cannot say.
        return "malformed";
      }
    },
    contentEvents: () => contentEvents,
    usage: () => (usage === null ? null : tokensOf(usage)),
    isFinished: () => finished.size >= choices,
    take() {
      const text = said.join("");
      said = [];
      return text;
    },
    end: () => writer.end(),
  };
}
