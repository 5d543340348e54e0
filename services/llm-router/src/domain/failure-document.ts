import { errorRegistry } from "@topdog/errors/registry";
import { failureKinds, type FailureRule, ruleOf } from "./failure-table.ts";
import { reasons } from "./refusal-meaning.ts";

const intro = `# What follows from a provider's failure

Until the first content of an answer every failure goes on to the next candidate; after it no other continues the answer, and the stream ends
with its dialect's error event and without an end event. A stream whose choices are all finished and that ends cleanly without its end event is whole.

- **next**: *credential*: the next candidate with another credential, perhaps at the same provider; *provider*: the next candidate at another
  one; *end*: nobody else is asked. *Again when alone*: where no other is left, the same one is asked once more.
- **rests**: what rests, of the credential that the call was made with and of no other: its whole *account*, or the *model*. For the provider's
  Retry-After, at most 60 s; without one 5 s for a limit and 60 s for an account.
- **breaker**: of the provider and model family, shared by all tenants. *Counts*: once another tenant or our own probe has failed too; *proves*: whoever
  called, for nothing of the caller's was sent; *alive*: the provider answered; *neutral*: says nothing.
- **caller gets**: when nobody else answered. The first failure decides, with the shortest wait that any of them named.

This page is generated from \`services/llm-router/src/domain/failure-table.ts\` and \`services/llm-router/src/domain/refusal-meaning.ts\`.
`;

const nextOf = ({ next, againWhenAlone }: FailureRule): string => (againWhenAlone ? `${next}; again when alone` : next);

function kindRow(kind: (typeof failureKinds)[number]): string {
  const rule = ruleOf(kind);
  const error = `${errorRegistry[rule.error].status} \`${rule.error}\``;
  return `| \`${kind}\` | ${rule.signal} | ${nextOf(rule)} | ${rule.rests ?? "nothing"} | ${rule.breaker} | ${error} |`;
}

/** The text of docs/failures.md. */
export function renderFailureDocument(): string {
  return [
    intro,
    "| kind | what the upstream did | next | rests | breaker | caller gets |",
    "|---|---|---|---|---|---|",
    ...failureKinds.map(kindRow),
    "| – | 400, 413, 422 and other 4xx: the caller's own fault | end | nothing | alive | the provider's status and reason, freed of addresses, keys and account names |",
    "",
    "## What the body of a 4xx says",
    "",
    "Providers give the same reason under different statuses. What the caller sent may be quoted in a message, so only the provider's own type and code,",
    "or the very beginning of its message, can rest a credential.",
    "",
    "| reason | taken as | code for the caller |",
    "|---|---|---|",
    ...reasons.map(
      ({ signal, meaning, code }) => `| ${signal} | \`${meaning}\` | ${code === null ? "–" : `\`${code}\``} |`,
    ),
    "",
  ].join("\n");
}
