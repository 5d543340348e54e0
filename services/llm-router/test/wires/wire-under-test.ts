import type { AnswerChoice, AnswerUsage } from "@topdog/dialects/conversation-answer";
import type { BuiltInProvider } from "../../src/clients/providers/built-in-provider.ts";
import type { Scenario } from "./said.ts";

/** An answer as the provider's documentation shows it, whole and in pieces, and what it says. */
export interface DocumentedAnswer {
  readonly name: string;
  readonly whole: object;
  readonly pieces: readonly object[];
  readonly choices: readonly AnswerChoice[];
  readonly usage: AnswerUsage;
}

/** A provider with a wire format of its own. Facts of its documentation, written anew. */
export interface WireUnderTest {
  readonly source: string;
  readonly provider: BuiltInProvider;
  readonly model: string;
  /** In front of what its answers sign. */
  readonly seal: string;
  readonly paths: { readonly whole: string; readonly streamed: string };
  /** What it is told: a body, or the member that it cannot be told. */
  readonly requests: Readonly<Record<Scenario, object | { readonly impossible: string }>>;
  readonly answers: readonly DocumentedAnswer[];
  /** Pieces of the first answer until its first content is there. */
  readonly piecesToContent: number;
  /** How its stream is framed, with its content type. */
  readonly frame: (pieces: readonly object[]) => Buffer;
  readonly contentType: string;
  /** A failure within a stream. */
  readonly streamError: object;
  readonly streamErrorMeans: "rate_limited" | "overloaded";
}

export const finished = (parts: AnswerChoice["parts"], reason: AnswerChoice["finish"]["reason"]): AnswerChoice => ({
  parts,
  finish: { reason, stopText: null },
  logprobs: null,
});
