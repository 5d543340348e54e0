import type { EventMeaning, StreamReader } from "../dialect.ts";
import { openAiErrors } from "../openai-errors.ts";
import type { StreamFormat } from "../operation.ts";
import { eventObject, namedEvent } from "../server-sent-events.ts";
import type { TokenUsage } from "../token-usage.ts";
import { isObject, wordOf, type WireObject } from "../wire-value.ts";
import { readUsage } from "./answer.ts";

const afterAllNumbers = 1_000_000;

export const stream: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  keepAlive: ": keep-alive\n\n",
  // Its last event holds the whole response: no other can end a stream that lacks it.
  endEvent: null,
  errorEvent(error) {
    const { error: inside } = openAiErrors.body(error, "") as { error: { message: string; code: string | null } };
    const { message, code } = inside;
    const members = { type: "error", code, message, param: null, sequence_number: afterAllNumbers };
    return namedEvent("error", members);
  },
};

function errorMeaning(code: string): EventMeaning {
  if (/rate_limit|insufficient_quota/.test(code)) return "rate_limited";
  return /overloaded|slow_down/.test(code) ? "overloaded" : "error";
}

const opening =
  /^response\.(?:created|queued|in_progress|output_item\.added|content_part\.added|reasoning_summary_part\.added)$/;

export function newStreamReader(): StreamReader {
  let contentEvents = 0;
  let usage: TokenUsage | null = null;

  function meaningOf(event: WireObject): EventMeaning {
    const type = wordOf(event["type"]);
    const response = isObject(event["response"]) ? event["response"] : {};
    switch (type) {
      case "response.completed":
      case "response.incomplete":
        usage = readUsage(response["usage"]);
        // An answer may be empty: then this is all of it.
        contentEvents += contentEvents === 0 ? 1 : 0;
        return "end";
      case "response.failed":
        return errorMeaning(isObject(response["error"]) ? wordOf(response["error"]["code"]) : "");
      case "error":
        return errorMeaning(
          `${wordOf(event["code"])} ${isObject(event["error"]) ? wordOf(event["error"]["code"]) : ""}`,
        );
      case "":
        return "malformed";
      default:
        if (opening.test(type)) return "opening";
        contentEvents += type.endsWith(".delta") || contentEvents === 0 ? 1 : 0;
        return "content";
    }
  }

  return {
    read(bytes, start, end) {
      const event = eventObject(bytes, start, end, "latin1");
      if (event === null) return "comment";
      return event === undefined ? "malformed" : meaningOf(event);
    },
    contentEvents: () => contentEvents,
    usage: () => usage,
    isFinished: () => false,
  };
}
