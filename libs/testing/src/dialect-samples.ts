import type { Dialect, DialectId } from "@topdog/dialects/dialect";
import { chatCompletion, chatEvents } from "./fake-upstream.ts";

/** A stream's events as text, each with its blank line, by what they are. */
export interface SampleStream {
  /** Shows a user nothing yet. */
  readonly opening: readonly string[];
  /** One event for each piece. */
  readonly content: readonly string[];
  /** Says that the answer is finished, but is not its end. */
  readonly finish: readonly string[];
  /** Sent only because usage was asked for; empty in a dialect that always states it. */
  readonly usage: readonly string[];
  readonly end: string;
  /** The provider's own failure, within a 200. */
  readonly error: string;
}

/** What requests and answers look like in a dialect; every answer used 5 tokens of prompt and 7 of completion. */
export interface DialectSamples {
  request(streamed: boolean): object;
  answer(content: string): object;
  stream(pieces: readonly string[]): SampleStream;
}

const dataEvent = (payload: string | object): string =>
  `data: ${typeof payload === "string" ? payload : JSON.stringify(payload)}\n\n`;

const openAiChat: DialectSamples = {
  request: (streamed) => ({ model: "sandbox-small", messages: [{ role: "user", content: "hi" }], stream: streamed }),
  answer: chatCompletion,
  stream(pieces) {
    const events = chatEvents(pieces).map(dataEvent);
    const [finish, usage, end] = events.slice(1 + pieces.length) as [string, string, string];
    return {
      opening: events.slice(0, 1),
      content: events.slice(1, 1 + pieces.length),
      finish: [finish],
      usage: [usage],
      end,
      error: dataEvent({ error: { message: "no", type: "server_error" } }),
    };
  },
};

const samples: Readonly<Record<DialectId, DialectSamples>> = { "openai-chat": openAiChat };

export const samplesOf = ({ id }: Pick<Dialect, "id">): DialectSamples => samples[id];
