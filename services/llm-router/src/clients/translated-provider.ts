import type { IncomingConversation, OutboundForm } from "@topdog/dialects/conversation-forms";
import { dialects } from "@topdog/dialects/dialects";
import { tokensOf } from "@topdog/dialects/token-usage";
import { createTranslatingReader, type TranslatingReader } from "@topdog/dialects/translating-reader";
import { toAppError } from "@topdog/http-kit/to-app-error";
import {
  type AttemptOutcome,
  type OpenCall,
  type Provider,
  type ProviderCall,
  type ProviderStream,
  uncarried,
  type WireFormat,
} from "./providers/provider.ts";

const conversing = dialects.filter(({ inbound }) => inbound !== null);

interface Translation {
  readonly outbound: OutboundForm;
  readonly incoming: IncomingConversation;
  readonly reader: TranslatingReader;
  /** What the caller asked for. */
  readonly model: string;
  readonly dropped: readonly string[];
  readonly identity: { readonly id: string; readonly created: number };
}

function translatedStream(stream: ProviderStream, { reader }: Translation): ProviderStream {
  return {
    attach(sink) {
      stream.attach({
        onEvents() {
          const said = reader.take();
          return said === "" || sink.onEvents(Buffer.from(said));
        },
        onEnd(end) {
          if (end.failure !== null) return sink.onEnd(end);
          sink.onEnd({ ...end, endEvent: reader.take() + reader.end() });
        },
      });
    },
    resume: () => stream.resume(),
    contentEvents: () => stream.contentEvents(),
  };
}

function translatedOutcome(outcome: AttemptOutcome, translation: Translation): AttemptOutcome {
  if (outcome.kind === "stream") {
    const dropped = [...translation.dropped, ...(outcome.dropped ?? [])];
    return { kind: "stream", stream: translatedStream(outcome.stream, translation), dropped };
  }
  if (outcome.kind !== "answer") return outcome;
  const dropped = [...translation.dropped, ...(outcome.dropped ?? [])];
  const answer = translation.outbound.readAnswer(outcome.body);
  if (answer === null) return { kind: "failure", failure: { kind: "malformed", retryAfterSeconds: null } };
  const model = answer.model === "" ? translation.model : answer.model;
  const body = translation.incoming.answerBody({ ...answer, model }, translation.identity);
  return { kind: "answer", body, usage: answer.usage === null ? outcome.usage : tokensOf(answer.usage), dropped };
}

/** The call in the format that the provider speaks, and how its answer comes back; or why that cannot be. */
function translate(
  spoken: WireFormat,
  call: ProviderCall,
): { readonly translation: Translation; readonly call: ProviderCall } | OpenCall {
  const { inbound } = call.format;
  const { outbound } = spoken;
  if (inbound === null || outbound === null) throw new Error(`${call.format.id} cannot be said in ${spoken.id}`);
  const incoming = inbound.read(call.request);
  const { conversation } = incoming;
  const outgoing = outbound.write(conversation);
  if (outgoing.kind === "impossible") return uncarried({ message: outgoing.detail, param: outgoing.what, code: null });
  const identity = { id: call.requestId.replaceAll(/[^\w-]/g, ""), created: Math.floor(Date.now() / 1000) };
  const reader = createTranslatingReader(outbound.newEventReader(), incoming.newEventWriter(identity), conversation);
  const dropped = [...new Set([...incoming.dropped, ...outgoing.dropped])];
  const request = { ...call.request, body: outgoing.body, newStreamReader: () => reader };
  return {
    translation: { outbound, incoming, reader, model: conversation.model, dropped, identity },
    call: { ...call, format: spoken, request, headers: [] },
  };
}

/** Offers a provider to calls of every dialect: in its own they pass through as they are, others become one of its own. */
export function inEveryDialect(provider: Provider): Provider {
  const { native } = provider;
  const spoken =
    provider.ownFormat ?? dialects.find(({ id, outbound }) => native.includes(id) && outbound !== null) ?? null;
  if (spoken === null) return provider;
  const isNative = (id: string): boolean => native.some((one) => one === id);
  const translatable = conversing.map(({ id }) => id).filter((id) => !isNative(id));
  return {
    dialects: [...native, ...translatable],
    native,
    ownFormat: null,
    open(call, credential) {
      if (isNative(call.format.id)) return provider.open(call, credential);
      try {
        const translated = translate(spoken, call);
        if ("outcome" in translated) return translated;
        const opened = provider.open(translated.call, credential);
        return {
          outcome: opened.outcome.then((outcome) => translatedOutcome(outcome, translated.translation)),
          abort: () => opened.abort(),
        };
      } catch (error) {
        const { status, detail, param, code } = toAppError(error);
        if (status >= 500) throw error;
        return uncarried({ message: detail, param: param ?? null, code });
      }
    },
    check: (credential, timeoutMs) => provider.check(credential, timeoutMs),
    close: () => provider.close(),
  };
}
