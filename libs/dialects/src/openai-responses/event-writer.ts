import { AppError } from "@topdog/errors/app-error";
import type { AnswerEvent, AnswerUsage, Finish } from "../conversation-answer.ts";
import type { AnswerIdentity, EventWriter } from "../conversation-forms.ts";
import { namedEvent } from "../server-sent-events.ts";
import type { WireObject } from "../wire-value.ts";
import {
  callItem,
  messageItem,
  type OutputItem,
  reasoningItem,
  refusalPart,
  responseOf,
  textPart,
} from "./response-body.ts";

/** The item that is being written. */
type OpenItem = { readonly id: string; text: string } & (
  | { readonly kind: "text" | "refusal" | "reasoning" }
  | { readonly kind: "tool_call"; readonly call: number; readonly callId: string; readonly name: string }
);

const inProgress = "in_progress";

/** Writes items one after the other: an item is added, grows, is done, and keeps its place. */
class ResponseWriter implements EventWriter {
  readonly #request: WireObject;
  readonly #identity: AnswerIdentity;
  readonly #output: OutputItem[] = [];
  #number = 0;
  #model = "";
  #open: OpenItem | null = null;
  #finish: Finish = { reason: "stop", stopText: null };
  #usage: AnswerUsage | null = null;

  constructor(request: WireObject, identity: AnswerIdentity) {
    this.#request = request;
    this.#identity = identity;
  }

  write(step: AnswerEvent): string {
    switch (step.kind) {
      case "start":
        this.#model = step.model;
        return (
          this.#event("response.created", { response: this.#response(null) }) +
          this.#event("response.in_progress", { response: this.#response(null) })
        );
      case "text":
        return (
          this.#ensure("text") +
          this.#delta("response.output_text.delta", step.text, { content_index: 0, logprobs: [] })
        );
      case "refusal":
        return this.#ensure("refusal") + this.#delta("response.refusal.delta", step.text, { content_index: 0 });
      case "reasoning":
        return (
          this.#ensure("reasoning") +
          this.#delta("response.reasoning_summary_text.delta", step.text, { summary_index: 0 })
        );
      case "reasoning_seal":
        return (
          (this.#open?.kind === "reasoning" ? "" : this.#begin({ kind: "reasoning", id: this.#newId(), text: "" })) +
          this.#close(step)
        );
      case "tool_call":
        return this.#begin({
          kind: "tool_call",
          id: this.#newId(),
          text: "",
          call: step.call,
          callId: step.id,
          name: step.name,
        });
      case "tool_arguments":
        if (this.#open?.kind !== "tool_call" || this.#open.call !== step.call)
          throw new AppError("upstream_answer_invalid");
        return this.#delta("response.function_call_arguments.delta", step.text, {});
      case "finish":
        this.#finish = step.finish;
        return this.#close();
      case "usage":
        this.#usage = step.usage;
        return "";
      case "end":
      case "error":
        return "";
    }
  }

  end(): string {
    const closed = this.#close();
    const response = this.#response(this.#finish);
    const { status } = response as { status: string };
    return closed + this.#event(`response.${status}`, { response });
  }

  #response(finish: Finish | null): object {
    const state = { model: this.#model, output: this.#output, finish, usage: this.#usage };
    return responseOf(this.#request, this.#identity, state);
  }

  #event(type: string, members: object): string {
    const event = namedEvent(type, { type, sequence_number: this.#number, ...members });
    this.#number += 1;
    return event;
  }

  #newId(): string {
    return `${this.#identity.id}_${this.#output.length + (this.#open === null ? 0 : 1)}`;
  }

  #ofItem(type: string, item: OpenItem, members: object): string {
    const prefix = item.kind === "tool_call" ? "fc" : item.kind === "reasoning" ? "rs" : "msg";
    return this.#event(type, { item_id: `${prefix}_${item.id}`, output_index: this.#output.length, ...members });
  }

  #delta(type: string, text: string, place: object): string {
    const item = this.#open!;
    item.text += text;
    return this.#ofItem(type, item, { ...place, delta: text });
  }

  #ensure(kind: "text" | "refusal" | "reasoning"): string {
    if (this.#open?.kind === kind) return "";
    const begun = this.#begin({ kind, id: this.#newId(), text: "" });
    const item = this.#open!;
    if (kind === "reasoning") {
      const part = { type: "summary_text", text: "" };
      return begun + this.#ofItem("response.reasoning_summary_part.added", item, { summary_index: 0, part });
    }
    const part = kind === "text" ? textPart("") : refusalPart("");
    return begun + this.#ofItem("response.content_part.added", item, { content_index: 0, part });
  }

  #begin(item: OpenItem): string {
    const closed = this.#close();
    this.#open = item;
    const added = { output_index: this.#output.length, item: emptyItem(item) };
    return closed + this.#event("response.output_item.added", added);
  }

  #close(seal: { signature: string | null; encrypted: string | null } = { signature: null, encrypted: null }): string {
    const item = this.#open;
    if (item === null) return "";
    const { id, text } = item;
    const done = this.#partsDone(item);
    const whole =
      item.kind === "tool_call"
        ? callItem(id, "completed", { id: item.callId, name: item.name, arguments: text })
        : item.kind === "reasoning"
          ? reasoningItem(id, { text, ...seal })
          : messageItem(id, "completed", [item.kind === "text" ? textPart(text) : refusalPart(text)]);
    const ended = this.#event("response.output_item.done", { output_index: this.#output.length, item: whole });
    this.#output.push(whole);
    this.#open = null;
    return done + ended;
  }

  #partsDone(item: OpenItem): string {
    const { text } = item;
    switch (item.kind) {
      case "tool_call":
        return this.#ofItem("response.function_call_arguments.done", item, { name: item.name, arguments: text });
      case "reasoning": {
        if (text === "") return "";
        const part = { type: "summary_text", text };
        const textDone = this.#ofItem("response.reasoning_summary_text.done", item, { summary_index: 0, text });
        return textDone + this.#ofItem("response.reasoning_summary_part.done", item, { summary_index: 0, part });
      }
      case "text": {
        const textDone = this.#ofItem("response.output_text.done", item, { content_index: 0, text, logprobs: [] });
        return textDone + this.#ofItem("response.content_part.done", item, { content_index: 0, part: textPart(text) });
      }
      case "refusal": {
        const refusalDone = this.#ofItem("response.refusal.done", item, { content_index: 0, refusal: text });
        return (
          refusalDone + this.#ofItem("response.content_part.done", item, { content_index: 0, part: refusalPart(text) })
        );
      }
    }
  }
}

function emptyItem(item: OpenItem): OutputItem {
  if (item.kind === "tool_call")
    return callItem(item.id, inProgress, { id: item.callId, name: item.name, arguments: "" });
  if (item.kind === "reasoning") return reasoningItem(item.id, { text: "", signature: null, encrypted: null });
  return messageItem(item.id, inProgress, []);
}

export const newEventWriter = (request: WireObject, identity: AnswerIdentity): EventWriter =>
  new ResponseWriter(request, identity);
