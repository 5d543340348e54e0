import { anthropicErrors } from "../anthropic-errors.ts";
import type { AnswerUsage } from "../conversation-answer.ts";
import type { EventMeaning, StreamReader } from "../dialect.ts";
import type { StreamFormat } from "../operation.ts";
import { eventObject, namedEvent } from "../server-sent-events.ts";
import { tokensOf } from "../token-usage.ts";
import { isObject, wordOf, type WireObject } from "../wire-value.ts";
import { usageOf } from "./answer.ts";

export const stream: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  keepAlive: ": keep-alive\n\n",
  endEvent: namedEvent("message_stop", { type: "message_stop" }),
  errorEvent: (error) => namedEvent("error", anthropicErrors.body(error, "")),
};

export function errorMeaning(error: unknown): "rate_limited" | "overloaded" | "error" {
  const type = isObject(error) ? wordOf(error["type"]) : "";
  if (type === "rate_limit_error") return "rate_limited";
  return type === "overloaded_error" ? "overloaded" : "error";
}

/** Later events state only what has changed. */
export function mergeUsage(before: WireObject, event: WireObject): WireObject {
  const stated = isObject(event["usage"]) ? event["usage"] : {};
  const known = Object.entries(stated).filter(
    ([, value]) => typeof value === "number" || (typeof value === "object" && value !== null),
  );
  return { ...before, ...Object.fromEntries(known) };
}

const contentDelta = Buffer.from('"content_block_delta"');
const prefixBytes = 64;
const closeBrace = 0x7d;

export function newStreamReader(): StreamReader {
  let contentEvents = 0;
  let usage: WireObject = {};
  let isFinished = false;

  function meaningOf(event: WireObject): EventMeaning {
    switch (event["type"]) {
      case "message_start":
        usage = mergeUsage(usage, isObject(event["message"]) ? event["message"] : {});
        return "opening";
      case "content_block_start":
      case "ping":
        return "opening";
      case "content_block_stop":
        return "opening";
      case "content_block_delta":
        contentEvents += 1;
        return "content";
      case "message_delta":
        usage = mergeUsage(usage, event);
        isFinished = true;
        // An answer may be empty: then this is all of it.
        contentEvents += contentEvents === 0 ? 1 : 0;
        return "content";
      case "message_stop":
        return "end";
      case "error":
        return errorMeaning(event["error"]);
      default:
        // Anthropic adds kinds of events: a client that does not know one goes on.
        return typeof event["type"] === "string" ? "opening" : "malformed";
    }
  }

  return {
    read(bytes, start, end) {
      // Nearly all events continue the answer; their text is not read.
      const prefix = bytes.subarray(start, Math.min(end, start + prefixBytes));
      if (prefix.includes(contentDelta) && bytes[end - 3] === closeBrace) {
        contentEvents += 1;
        return "content";
      }
      const event = eventObject(bytes, start, end, "latin1");
      if (event === null) return "comment";
      return event === undefined ? "malformed" : meaningOf(event);
    },
    contentEvents: () => contentEvents,
    usage() {
      // Until the end only the prompt's count is right: that of the answer is the one that it begins with.
      const stated: AnswerUsage | null = isFinished ? usageOf(usage) : null;
      return stated === null ? null : tokensOf(stated);
    },
    isFinished: () => isFinished,
  };
}
