import type { AssistantPart } from "@topdog/dialects/conversation";
import type { AnswerEvent } from "@topdog/dialects/conversation-answer";
import type { EventReader } from "@topdog/dialects/conversation-forms";
import { eventObject } from "@topdog/dialects/server-sent-events";
import { isObject, wordOf, type WireObject } from "@topdog/dialects/wire-value";
import { finishOf, isBlocked, isGarbled, logprobsOf, partsOf, usageOf } from "./answer.ts";

const rateLimited = 429;
const overloaded = 503;

function errorOf(error: WireObject): "rate_limited" | "overloaded" | "error" {
  if (error["code"] === rateLimited) return "rate_limited";
  return error["code"] === overloaded ? "overloaded" : "error";
}

/** Each event is a whole answer's form with what is new in it; calls of functions come whole. */
export function newEventReader(): EventReader {
  let hasStarted = false;
  let named = 0;
  /** By choice: calls so far. */
  const calls = new Map<number, number>();

  function partEvents(part: AssistantPart, choice: number): AnswerEvent[] {
    switch (part.kind) {
      case "text":
        return [{ kind: "text", choice, text: part.text }];
      case "refusal":
        return [{ kind: "refusal", choice, text: part.text }];
      case "reasoning": {
        if (part.text !== "") return [{ kind: "reasoning", choice, text: part.text }];
        return [{ kind: "reasoning_seal", choice, signature: part.signature, encrypted: part.encrypted }];
      }
      case "tool_call": {
        const call = calls.get(choice) ?? 0;
        calls.set(choice, call + 1);
        return [
          { kind: "tool_call", choice, call, id: part.id, name: part.name },
          { kind: "tool_arguments", choice, call, text: part.arguments },
        ];
      }
    }
  }

  function candidateEvents(candidate: WireObject, answerId: string): AnswerEvent[] {
    const choice = typeof candidate["index"] === "number" ? candidate["index"] : 0;
    const parts = partsOf(candidate, () => `call_${answerId}_${(named += 1)}`);
    const events = parts.flatMap((part) => partEvents(part, choice));
    const logprobs = logprobsOf(candidate["logprobsResult"]);
    const first = events.findIndex(({ kind }) => kind === "text");
    if (logprobs !== null && first !== -1)
      events[first] = { ...(events[first] as AnswerEvent & { kind: "text" }), logprobs };
    const reason = wordOf(candidate["finishReason"]);
    if (isGarbled(reason)) return [...events, { kind: "error", error: "error" }];
    if (reason !== "") {
      events.push({ kind: "finish", choice, finish: { reason: finishOf(reason, calls.has(choice)), stopText: null } });
    }
    return events;
  }

  return {
    read(bytes, start, end) {
      const event = eventObject(bytes, start, end, "utf8");
      if (event === null) return [];
      if (event === undefined) return null;
      const { error, candidates } = event;
      if (isObject(error)) return [{ kind: "error", error: errorOf(error) }];
      const usage = usageOf(event["usageMetadata"]);
      if (!Array.isArray(candidates) && usage === null) return null;
      const id = wordOf(event["responseId"]);
      const events: AnswerEvent[] = hasStarted ? [] : [{ kind: "start", id, model: wordOf(event["modelVersion"]) }];
      hasStarted = true;
      const list = Array.isArray(candidates) ? candidates.filter(isObject) : [];
      for (const candidate of list) events.push(...candidateEvents(candidate, id));
      if (list.length === 0 && isBlocked(event)) {
        events.push({ kind: "finish", choice: 0, finish: { reason: "content_filter", stopText: null } });
      }
      if (usage !== null) events.push({ kind: "usage", usage });
      return events;
    },
  };
}
