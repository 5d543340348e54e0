import type { AnswerEvent } from "../conversation-answer.ts";
import type { EventReader } from "../conversation-forms.ts";
import { eventObject } from "../server-sent-events.ts";
import { isObject, wordOf, type WireObject } from "../wire-value.ts";
import { usageOf } from "./answer.ts";
import { marked } from "./seals.ts";
import { errorMeaning, mergeUsage } from "./stream.ts";
import { finishOf } from "./whole-answer.ts";

const choice = 0;

function deltaEvents(delta: WireObject, call: number): AnswerEvent[] {
  switch (delta["type"]) {
    case "text_delta":
      return [{ kind: "text", choice, text: wordOf(delta["text"]) }];
    case "input_json_delta": {
      const text = wordOf(delta["partial_json"]);
      return text === "" ? [] : [{ kind: "tool_arguments", choice, call, text }];
    }
    case "thinking_delta":
      return [{ kind: "reasoning", choice, text: wordOf(delta["thinking"]) }];
    case "signature_delta":
      return [{ kind: "reasoning_seal", choice, signature: marked(wordOf(delta["signature"])), encrypted: null }];
    default:
      return [];
  }
}

export function newEventReader(): EventReader {
  let calls = 0;
  let usage: WireObject = {};

  function blockStart(block: WireObject): AnswerEvent[] {
    if (block["type"] === "redacted_thinking") {
      return [{ kind: "reasoning_seal", choice, signature: null, encrypted: marked(wordOf(block["data"])) }];
    }
    if (block["type"] !== "tool_use") return [];
    calls += 1;
    return [{ kind: "tool_call", choice, call: calls - 1, id: wordOf(block["id"]), name: wordOf(block["name"]) }];
  }

  function ending(event: WireObject): AnswerEvent[] {
    usage = mergeUsage(usage, event);
    const stated = usageOf(usage);
    const delta = isObject(event["delta"]) ? event["delta"] : {};
    const finish = finishOf(delta["stop_reason"], delta["stop_sequence"]);
    return [
      { kind: "finish", choice, finish },
      ...(stated === null ? [] : [{ kind: "usage", usage: stated } as const]),
    ];
  }

  return {
    read(bytes, start, end) {
      const event = eventObject(bytes, start, end, "utf8");
      if (event === null) return [];
      if (event === undefined) return null;
      switch (event["type"]) {
        case "message_start": {
          const message = isObject(event["message"]) ? event["message"] : {};
          usage = mergeUsage(usage, message);
          return [{ kind: "start", id: wordOf(message["id"]), model: wordOf(message["model"]) }];
        }
        case "content_block_start":
          return isObject(event["content_block"]) ? blockStart(event["content_block"]) : [];
        case "content_block_delta":
          return isObject(event["delta"]) ? deltaEvents(event["delta"], calls - 1) : [];
        case "message_delta":
          return ending(event);
        case "message_stop":
          return [{ kind: "end" }];
        case "error":
          return [{ kind: "error", error: errorMeaning(event["error"]) }];
        default:
          return typeof event["type"] === "string" ? [] : null;
      }
    },
  };
}
