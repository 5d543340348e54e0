import { unknownReport, type CallReport, type IncomingCall } from "@topdog/call-link/call";
import { isGivenBack, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { chargedHeader } from "@topdog/contracts/served-headers";
import type { AnswerSink } from "../usecases/answer-sink.ts";

/** An answer over the call link. */
export interface LinkAnswer extends AnswerSink {
  hasHead(): boolean;
  isEnded(): boolean;
  /** The call is over: if the answer has not been ended, it breaks off here, and the gateway gets its report. */
  over(): void;
}

const nothing = (): void => undefined;

function listHeaders(headers: Readonly<Record<string, string | number>>): string[] {
  const list: string[] = [];
  for (const name in headers) list.push(name, String(headers[name]));
  return list;
}

export function linkAnswer(call: IncomingCall): LinkAnswer {
  let isAccountedFor = false;
  let usage: UsageConsumed | null = null;
  let hasHead = false;
  let told = "";
  let isEventStream = false;
  let isCut = false;
  let isEnded = false;
  let onGone = nothing;

  const report = (): CallReport => {
    const { outcome, provider, model, promptTokens, completionTokens, costNanoUsd, attempts } = usage ?? unknownReport;
    return {
      recorded: isAccountedFor,
      outcome,
      provider,
      model,
      promptTokens,
      completionTokens,
      costNanoUsd,
      attempts,
    };
  };
  // What nobody accounts for the gateway gives back. A stream whose head goes out has an answer.
  const charged = (): string => {
    if (!isAccountedFor) return "none";
    const kept = call.opened.charges.filter(({ meter }) => usage === null || !isGivenBack(usage, meter));
    return kept.length === 0 ? "none" : kept.map(({ meter }) => meter).join(", ");
  };
  const bytesOf = (bytes: Buffer | string): Buffer => (typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  return {
    hasHead: () => hasHead,
    isEnded: () => isEnded,
    head(status, headers) {
      hasHead = true;
      told = charged();
      isEventStream = String(headers["content-type"]).startsWith("text/event-stream");
      call.head({ status, headers: [...listHeaders(headers), chargedHeader, told], isAccountedFor });
    },
    write: (bytes) => isCut || call.write(bytesOf(bytes)),
    end(bytes) {
      isEnded = true;
      // The head of a stream may go before anything is known: a comment, which no client takes for an event, sets it right.
      if (!isCut && isEventStream && told !== charged()) {
        call.write(bytesOf(`: ${chargedHeader}: ${charged()}\n\n`));
      }
      if (isCut) return call.cut(report());
      if (bytes !== undefined) call.write(bytesOf(bytes));
      call.end(report());
    },
    // The gateway is told at the end, with what was used until then.
    cut() {
      if (isCut || call.isGone()) return;
      isCut = true;
      onGone();
    },
    over() {
      if (!isEnded) call.cut(report());
    },
    accountedFor() {
      isAccountedFor = true;
    },
    recorded(record) {
      isAccountedFor = true;
      usage = record;
    },
    isGone: () => isCut || call.isGone(),
    isLost: () => !isCut && call.isLost(),
    onGone(act) {
      onGone = act;
      if (isCut) act();
      else call.onGone(act);
    },
    onDrain: (act) => call.onDrain(act),
  };
}
