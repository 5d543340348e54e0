import type { AnswerEvent } from "../conversation-answer.ts";
import type { EventReader } from "../conversation-forms.ts";
import { eventData } from "../server-sent-events.ts";
import { isAbsent, isObject, wordOf, type WireObject } from "../wire-value.ts";
import { errorMeaning } from "./stream.ts";
import { contentOf, finishOf, logprobsOf, thoughtsOf, usageOf } from "./whole-answer.ts";

function parse(data: string): WireObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function toolEvents(choice: number, calls: readonly unknown[], begun: Set<string>): AnswerEvent[] {
  return calls.filter(isObject).flatMap((one, place) => {
    const call = typeof one["index"] === "number" ? one["index"] : place;
    const made = isObject(one["function"]) ? one["function"] : {};
    const events: AnswerEvent[] = [];
    const key = `${choice}:${call}`;
    if (!begun.has(key)) {
      begun.add(key);
      events.push({ kind: "tool_call", choice, call, id: wordOf(one["id"]), name: wordOf(made["name"]) });
    }
    const text = wordOf(made["arguments"]);
    if (text !== "") events.push({ kind: "tool_arguments", choice, call, text });
    return events;
  });
}

function choiceEvents(one: WireObject, begun: Set<string>): AnswerEvent[] {
  const choice = typeof one["index"] === "number" ? one["index"] : 0;
  const delta = isObject(one["delta"]) ? one["delta"] : {};
  const events: AnswerEvent[] = [];
  const thoughts = thoughtsOf(delta);
  if (thoughts !== "") events.push({ kind: "reasoning", choice, text: thoughts });
  const text = contentOf(delta);
  const logprobs = logprobsOf(one["logprobs"]);
  if (text !== "") events.push({ kind: "text", choice, text, ...(logprobs === null ? {} : { logprobs }) });
  if (wordOf(delta["refusal"]) !== "") events.push({ kind: "refusal", choice, text: wordOf(delta["refusal"]) });
  if (Array.isArray(delta["tool_calls"])) events.push(...toolEvents(choice, delta["tool_calls"], begun));
  const finish = wordOf(one["finish_reason"]);
  if (finish !== "") events.push({ kind: "finish", choice, finish: { reason: finishOf(finish), stopText: null } });
  return events;
}

export function newEventReader(): EventReader {
  let hasStarted = false;
  const begun = new Set<string>();
  return {
    read(bytes, start, end) {
      const data = eventData(bytes, start, end, "utf8");
      if (data === null) return [];
      if (data === "[DONE]") return [{ kind: "end" }];
      const chunk = parse(data);
      if (chunk === null) return null;
      const { error, choices } = chunk;
      if (!isAbsent(error)) return [{ kind: "error", error: errorMeaning(isObject(error) ? error : {}) }];
      if (!Array.isArray(choices)) return null;
      const events: AnswerEvent[] = [];
      if (!hasStarted) events.push({ kind: "start", id: wordOf(chunk["id"]), model: wordOf(chunk["model"]) });
      hasStarted = true;
      for (const choice of choices) if (isObject(choice)) events.push(...choiceEvents(choice, begun));
      const usage = usageOf(chunk["usage"]);
      if (usage !== null) events.push({ kind: "usage", usage });
      return events;
    },
  };
}
