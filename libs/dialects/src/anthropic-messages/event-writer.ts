import { AppError } from "@topdog/errors/app-error";
import type { AnswerEvent, AnswerUsage, Finish } from "../conversation-answer.ts";
import type { AnswerIdentity, EventWriter } from "../conversation-forms.ts";
import { namedEvent } from "../server-sent-events.ts";
import { blockOf, stopWord, usageMember } from "./answer-body.ts";

type BlockKind = "text" | "thinking" | "tool_use";

const event = (type: string, members: object): string => namedEvent(type, { type, ...members });

/** One block after the other: the API has no two that grow at once. */
export function newEventWriter({ id }: AnswerIdentity): EventWriter {
  let index = -1;
  let open: { readonly kind: BlockKind; readonly call: number } | null = null;
  let usage: AnswerUsage | null = null;
  let finish: Finish = { reason: "stop", stopText: null };

  function close(): string {
    if (open === null) return "";
    open = null;
    return event("content_block_stop", { index });
  }

  function begin(kind: BlockKind, call: number, block: object): string {
    const closed = close();
    index += 1;
    open = { kind, call };
    return closed + event("content_block_start", { index, content_block: block });
  }

  const delta = (members: object): string => event("content_block_delta", { index, delta: members });
  const ensure = (kind: "text" | "thinking", block: object): string =>
    open?.kind === kind ? "" : begin(kind, 0, block);
  const text = (value: string): string =>
    ensure("text", { type: "text", text: "", citations: null }) + delta({ type: "text_delta", text: value });

  function seal({ signature, encrypted }: Extract<AnswerEvent, { kind: "reasoning_seal" }>): string {
    if (encrypted !== null) {
      const part = { kind: "reasoning", text: "", signature: null, encrypted } as const;
      return begin("thinking", 0, blockOf(part)) + close();
    }
    const empty = { type: "thinking", thinking: "", signature: "" };
    return ensure("thinking", empty) + delta({ type: "signature_delta", signature: signature ?? "" }) + close();
  }

  return {
    write(step) {
      switch (step.kind) {
        case "start": {
          const common = { id: `msg_${id}`, type: "message", role: "assistant", model: step.model, content: [] };
          const message = { ...common, stop_reason: null, stop_sequence: null, usage: usageMember(null) };
          return event("message_start", { message });
        }
        case "text":
        case "refusal":
          return text(step.text);
        case "reasoning": {
          const opened = ensure("thinking", { type: "thinking", thinking: "", signature: "" });
          return opened + delta({ type: "thinking_delta", thinking: step.text });
        }
        case "reasoning_seal":
          return seal(step);
        case "tool_call":
          return begin("tool_use", step.call, { type: "tool_use", id: step.id, name: step.name, input: {} });
        case "tool_arguments":
          if (open?.kind !== "tool_use" || open.call !== step.call) throw new AppError("upstream_answer_invalid");
          return delta({ type: "input_json_delta", partial_json: step.text });
        case "finish":
          ({ finish } = step);
          return close();
        case "usage":
          ({ usage } = step);
          return "";
        case "end":
        case "error":
          return "";
      }
    },
    end() {
      const stopped = { stop_reason: stopWord(finish), stop_sequence: finish.stopText };
      const last = event("message_delta", { delta: stopped, usage: usageMember(usage) });
      return close() + last + event("message_stop", {});
    },
  };
}
