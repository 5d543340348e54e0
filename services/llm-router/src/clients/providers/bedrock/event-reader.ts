import type { AnswerEvent } from "@topdog/dialects/conversation-answer";
import type { EventReader } from "@topdog/dialects/conversation-forms";
import { eventObject } from "@topdog/dialects/server-sent-events";
import { isObject, wordOf, type WireObject } from "@topdog/dialects/wire-value";
import { finishOf, isGarbled, usageOf } from "./answer.ts";
import { marked } from "./seals.ts";

const choice = 0;
const failed = (error: "rate_limited" | "overloaded" | "error"): readonly AnswerEvent[] => [{ kind: "error", error }];

function deltaEvents(delta: WireObject, call: number): AnswerEvent[] {
  const { text, toolUse, reasoningContent: thought } = delta;
  if (typeof text === "string") return text === "" ? [] : [{ kind: "text", choice, text }];
  if (isObject(toolUse)) {
    const input = wordOf(toolUse["input"]);
    return input === "" ? [] : [{ kind: "tool_arguments", choice, call, text: input }];
  }
  if (!isObject(thought)) return [];
  if (typeof thought["signature"] === "string") {
    return [{ kind: "reasoning_seal", choice, signature: marked(thought["signature"]), encrypted: null }];
  }
  if (typeof thought["redactedContent"] === "string") {
    return [{ kind: "reasoning_seal", choice, signature: null, encrypted: marked(thought["redactedContent"]) }];
  }
  return wordOf(thought["text"]) === "" ? [] : [{ kind: "reasoning", choice, text: wordOf(thought["text"]) }];
}

/** Of messages as `event-stream.ts` writes them: one member, named after the message. */
export function newEventReader(): EventReader {
  let calls = 0;

  function startEvents(start: WireObject): AnswerEvent[] {
    const use = isObject(start["start"]) ? start["start"]["toolUse"] : null;
    if (!isObject(use)) return [];
    calls += 1;
    return [{ kind: "tool_call", choice, call: calls - 1, id: wordOf(use["toolUseId"]), name: wordOf(use["name"]) }];
  }

  function eventsOf(type: string, said: WireObject): readonly AnswerEvent[] {
    switch (type) {
      case "messageStart":
        return [{ kind: "start", id: "", model: "" }];
      case "contentBlockStart":
        return startEvents(said);
      case "contentBlockDelta":
        return isObject(said["delta"]) ? deltaEvents(said["delta"], calls - 1) : [];
      case "messageStop": {
        const reason = wordOf(said["stopReason"]);
        if (isGarbled(reason)) return failed("error");
        return [{ kind: "finish", choice, finish: { reason: finishOf(reason), stopText: null } }];
      }
      case "metadata": {
        const usage = usageOf(said["usage"]);
        return usage === null ? [] : [{ kind: "usage", usage }];
      }
      case "throttlingException":
        return failed("rate_limited");
      case "serviceUnavailableException":
        return failed("overloaded");
      default:
        return /exception|error/i.test(type) ? failed("error") : [];
    }
  }

  return {
    read(bytes, start, end) {
      const event = eventObject(bytes, start, end, "utf8");
      if (event === null) return [];
      const [type, said] = Object.entries(event ?? {})[0] ?? [];
      return type === undefined || !isObject(said) ? null : eventsOf(type, said);
    },
  };
}
