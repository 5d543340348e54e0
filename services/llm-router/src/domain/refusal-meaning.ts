import type { ProviderRefusal } from "@topdog/dialects/dialect";
import { classifyStatus, type FailureKind } from "./failure-table.ts";

export interface ReadRefusal {
  readonly meaning: "callers_fault" | FailureKind;
  readonly refusal: ProviderRefusal;
}

interface Reason {
  /** For docs/failures.md. */
  readonly signal: string;
  readonly meaning: ReadRefusal["meaning"];
  /** Of its type and code, which are the provider's own words. */
  readonly names: RegExp;
  /** Of its message. It may quote what the caller sent, so a message that rests a credential must begin with this. */
  readonly message: RegExp;
  /** As OpenAI's APIs name it, for a provider that has no code. */
  readonly code: string | null;
}

/** Providers give the same reasons under different statuses. The first that fits counts. */
export const reasons: readonly Reason[] = [
  {
    signal: "The account has no credit or quota left",
    meaning: "out_of_credit",
    names: /insufficient_(?:quota|balance|credits|funds)|billing_(?:hard_limit|not_active|error)/,
    message:
      /^(?:your credit balance is too low|your prepayment credits are depleted|insufficient (?:balance|credits)|you exceeded your current quota, please check your plan and billing|you have reached your specified api usage limits)/,
    code: null,
  },
  {
    signal: "The key is wrong, or may not be used from here",
    meaning: "credential",
    names:
      /invalid_api_key|api_key_invalid|authentication_error|unrecognizedclient|invalidsignature|expiredtoken|consumer_suspended/,
    message:
      /^(?:api key not valid|api key expired|incorrect api key|invalid x-api-key|user location is not supported|this organization has been disabled)/,
    code: null,
  },
  {
    signal: "One request is larger than the account may send at all, or in a minute",
    meaning: "callers_fault",
    names: /$^/,
    message: /^(?:request too large for|(?:extra usage is|usage credits are) required for long context)/,
    code: "rate_limit_exceeded",
  },
  {
    signal: "The context window is exceeded",
    meaning: "callers_fault",
    names: /context_length_exceeded|context_window/,
    message:
      /maximum context length|(?:prompt|input) is too long|too many (?:input )?tokens|input token count|exceeds? the (?:model's )?(?:context|token) (?:window|limit)/,
    code: "context_length_exceeded",
  },
  {
    signal: "The content is against the provider's policy",
    meaning: "callers_fault",
    names: /content_policy|content_filter|responsibleaipolicy|moderation/,
    message: /content management policy|content policy|flagged|moderation|safety system/,
    code: "content_policy_violation",
  },
];

/** A 404 of something that the caller named: its own fault. */
const foreignThing = /\b(?:file|response|conversation|assistant|thread|batch|container|vector store)\b/;

function isReason({ names, message }: Reason, named: string, text: string): boolean {
  return names.test(named) || message.test(text);
}

/** What a 4xx means, from its status and from what its body says. */
export function readMeaning(status: number, refusal: ProviderRefusal): ReadRefusal {
  const named = `${refusal.type ?? ""} ${refusal.code ?? ""}`.toLowerCase();
  const text = refusal.message.toLowerCase();
  const reason = reasons.find((one) => isReason(one, named, text));
  if (reason !== undefined) {
    const code = refusal.code ?? reason.code;
    return { meaning: reason.meaning, refusal: { ...refusal, code } };
  }
  const meaning = classifyStatus(status) as ReadRefusal["meaning"];
  const isForeign = meaning === "model_missing" && foreignThing.test(text) && !text.includes("model");
  return { meaning: isForeign ? "callers_fault" : meaning, refusal };
}
