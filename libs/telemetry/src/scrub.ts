const jsonString = String.raw`"(?:[^"\\]|\\.)*"`;
const secretHeaders = "authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-topdog-principal";

/** Headers that are secret whatever they hold, and what a secret looks like in free text: keys, tokens, passwords in URLs. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`"(${secretHeaders})":(?:${jsonString}|\[(?:${jsonString},?)*\])`, "gi"), '"$1":"[redacted]"'],
  [/\btd_[A-Za-z0-9_-]{20,}/g, "td_[redacted]"],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, "sk-[redacted]"],
  [/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/gi, "$1 [redacted]"],
  [/:\/\/([^\s:@/"\\]*):[^\s@/"\\]+@/g, "://$1:[redacted]@"],
  [/([?&](?:key|api_key|apikey|token|access_token)=)[^&\s"\\]+/gi, "$1[redacted]"],
];

/** Takes secrets out of a text, JSON or not, and leaves its quoting alone. */
export function scrubSecrets(text: string): string {
  let scrubbed = text;
  for (const [pattern, replacement] of patterns) scrubbed = scrubbed.replace(pattern, replacement);
  return scrubbed;
}
