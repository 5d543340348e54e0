import { editMembers } from "@topdog/dialects/edit-members";
import { scanJsonObject } from "@topdog/dialects/json-scanner";
import type { AdaptedRequest } from "../../provider-http/http-api.ts";
import type { ProviderCall } from "../provider.ts";

/** Where a provider's chat completions are not OpenAI's. */
export interface ChatRules {
  /** By OpenAI's name: the provider's own. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** It refuses them, and the answer does not depend on them: left out, and named to the caller. */
  readonly dropped?: readonly string[];
  /** Likewise, and nobody misses them: what says nothing, or what only we asked for. */
  readonly omitted?: readonly string[];
  /** The answer would be another one, or cost another price: another provider, or a 400. By the JSON text of such a value. */
  readonly refused?: Readonly<Record<string, RegExp>>;
}

/** Longer values are not looked at: what is refused is short, or refused altogether. */
const maxJudgedBytes = 4096;

/** A chat request for a provider with these rules: every byte that no rule names stays as it is. */
export function adaptChat({ request }: ProviderCall, rules: ChatRules): AdaptedRequest {
  const { body } = request;
  const scanned = scanJsonObject(body);
  const { members } = scanned;
  for (const [name, pattern] of Object.entries(rules.refused ?? {})) {
    const span = members.get(name);
    if (span === undefined) continue;
    if (!pattern.test(body.toString("utf8", span.start, Math.min(span.end, span.start + maxJudgedBytes)))) continue;
    return { refusal: { message: `'${name}' is not possible at this model's provider.`, param: name, code: null } };
  }
  const { dropped = [], omitted = [] } = rules;
  const renamed = new Map(Object.entries(rules.renamed ?? {}));
  const names = [...members.keys()];
  const changed = names.filter((name) => renamed.has(name) || dropped.includes(name) || omitted.includes(name));
  if (changed.length === 0) return { body, dropped: [] };
  // Said twice, in the new word and the old: the new one counts.
  const replaced = changed.flatMap((name) => renamed.get(name) ?? []);
  const gone = new Set([...dropped, ...omitted, ...replaced]);
  const edited = editMembers(body, scanned, (name) => renamed.get(name) ?? (gone.has(name) ? null : undefined));
  return { body: edited, dropped: dropped.filter((name) => members.has(name)) };
}
