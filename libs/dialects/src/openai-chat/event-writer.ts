import type { AnswerIdentity, EventWriter } from "../conversation-forms.ts";
import type { AnswerEvent, AnswerUsage } from "../conversation-answer.ts";
import { finishWords, logprobsMember, sealMember, usageMember } from "./answer-body.ts";

interface WriterOptions {
  readonly choices: number;
  readonly wantsUsage: boolean;
}

type Delta = Exclude<AnswerEvent, { kind: "start" | "finish" | "usage" | "end" | "error" }>;

function deltaOf(event: Delta): object {
  switch (event.kind) {
    case "text":
      return { content: event.text };
    case "refusal":
      return { refusal: event.text };
    case "reasoning":
      return { reasoning_content: event.text };
    case "reasoning_seal":
      return { reasoning_details: [sealMember({ text: "", ...event })] };
    case "tool_call": {
      const made = { name: event.name, arguments: "" };
      return { tool_calls: [{ index: event.call, id: event.id, type: "function", function: made }] };
    }
    case "tool_arguments":
      return { tool_calls: [{ index: event.call, function: { arguments: event.text } }] };
  }
}

export function newEventWriter({ id, created }: AnswerIdentity, { choices, wantsUsage }: WriterOptions): EventWriter {
  let head = "";
  let usage: AnswerUsage | null = null;
  const tail = wantsUsage ? '],"usage":null}\n\n' : "]}\n\n";
  const chunk = (choice: number, delta: object, finish: string | null, logprobs: object | null = null): string =>
    `${head}${JSON.stringify({ index: choice, delta, logprobs, finish_reason: finish })}${tail}`;

  return {
    write(event) {
      switch (event.kind) {
        case "start": {
          const common = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created, model: event.model };
          head = `data: ${JSON.stringify(common).slice(0, -1)},"choices":[`;
          const role = { role: "assistant", content: "", refusal: null };
          return Array.from({ length: choices }, (_, choice) => chunk(choice, role, null)).join("");
        }
        case "finish":
          return chunk(event.choice, {}, finishWords[event.finish.reason]);
        case "usage":
          ({ usage } = event);
          return "";
        case "end":
        case "error":
          return "";
        case "text":
          return chunk(event.choice, deltaOf(event), null, logprobsMember(event.logprobs ?? null));
        default:
          return chunk(event.choice, deltaOf(event), null);
      }
    },
    end() {
      const stated = wantsUsage && usage !== null ? `${head}],"usage":${JSON.stringify(usageMember(usage))}}\n\n` : "";
      return `${stated}data: [DONE]\n\n`;
    },
  };
}
