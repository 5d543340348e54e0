import { endOfQuoted } from "./quoted-value.ts";

const redacted = "[redacted]";

/** Whatever is named like this holds a secret. A name may have more in front: `upstreamApiKey`, `STRIPE_SECRET`. */
const secretNames =
  "(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|secret[-_]?key|signing[-_]?key|" +
  "cookie|authorization|credentials?|seed|x-topdog-(?:principal|caller))";

/** After a letter or a digit no secret begins: `risk-assessment` holds none. An escape of JSON (`\n`) or of a URL (`%2F`) is neither. */
const start = String.raw`(?<=^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})`;

/** What secrets look like, with the prefixes and alphabets that their makers document. The first group stays. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`${start}(td_)[\w-]{16,}`, "g"), `$1${redacted}`],
  [new RegExp(String.raw`${start}(sk-|xox[a-z]-|xapp-)[\w*-]{8,}`, "g"), `$1${redacted}`],
  // An account's names at OpenAI: harmless in a log, private in an answer.
  [new RegExp(String.raw`${start}(org-|proj_)[A-Za-z0-9]{16,}`, "g"), `$1${redacted}`],
  [/([sr]k_(?:live|test|prod)_)\w{8,}/g, `$1${redacted}`],
  [/(whsec_)[\w+/=-]{8,}/g, `$1${redacted}`],
  [/(AIza)[\w-]{30,}/g, `$1${redacted}`],
  [/(gh[pousr]_|github_pat_|glpat-)[\w-]{20,}/g, `$1${redacted}`],
  [/(A[KS]IA)[A-Z0-9]{16}/g, `$1${redacted}`],
  [new RegExp(`${start}(S[ACNOUX])[A-Z2-7]{56}`, "g"), `$1${redacted}`],
  [/(eyJ)[\w+/=-]{6,}(?:\.[\w+/=-]*)*/g, `$1${redacted}`],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END|"|$)/gs, `$1${redacted}`],
  // Of a JSON web key.
  [/(\\*"d\\*"\s*:\s*\\*")[\w-]{40,}/g, `$1${redacted}`],
  [/((?:bearer) +)(?!authenti|authori|scheme|token)[\w.~+/=-]{8,}/gi, `$1${redacted}`],
  [/([Bb]asic +)(?=\S*(?:\d|=|[a-z][A-Z]|[A-Z]{2}))[A-Za-z0-9+/=]{8,}/g, `$1${redacted}`],
  // Between a host and a path a colon is followed by a port. Elsewhere what follows it, up to the last @, is a password.
  [/(:\/\/[^\s:@/"\\?#[\]]*:)(?!\d{1,5}(?:[/?#\s"\\,]|$))[^\s"\\]*@/g, `$1${redacted}@`],
  [/(:\/\/)[^\s:@/"\\?#[\]]{16,}@/g, `$1${redacted}@`],
  [/([?&](?:key|sig|signature|pwd|auth)=)[^&\s"\\]+/gi, `$1${redacted}`],
  [new RegExp(String.raw`(${secretNames}=)(?:'[^'"\\]*'|[^&\s"'\\;,]+)`, "gi"), `$1${redacted}`],
  [/((?:authorization|cookie): ?)[^\s"\\][^"\\]*/gi, `$1${redacted}`],
  [/((?:passw(?:or)?d|passphrase|secret|api[-_]?key): ?)[^\s"\\,;[\]{}]+/gi, `$1${redacted}`],
  [/((\\*)"[\w.-]{0,60}?(?:passw(?:or)?d|secret)\2"\s*:\s*)-?\d[\d.eE+-]*/gi, `$1$2"${redacted}$2"`],
];

/** `"name": "` or `"name": ["`, also where JSON stands in a string of JSON and each quote has backslashes. */
const namedValue = new RegExp(String.raw`(\\*)"[\w.-]{0,60}?${secretNames}\1"\s*:\s*(\[\s*)?\1"`, "gi");

/**
 * Matches wherever any of the patterns does, and hardly anywhere else: nearly every line ends here. It looks for rare
 * characters first and then behind them, which is several times faster than looking for each word.
 */
const mayHoldSecret = new RegExp(
  [
    String.raw`[_-](?<=td_|sk-|[sr]k_|whsec_|gh[pousr]_|pat[_-]|xox[a-z]-|xapp-|org-|proj_|-----)`,
    "J(?<=eyJ)|I(?<=AI)za|I(?<=A[KS]I)A|S[ACNOUX][A-Z2-7]{56}",
    "@",
    "[ ](?<=(?i:bearer|basic) )",
    String.raw`[=:](?<=(?i:${secretNames}|[?&](?:key|sig|signature|pwd|auth)|"d)\\*"?\s*[=:])`,
  ].join("|"),
);

function redactNamedValues(text: string): string {
  const nextItem = /\\*"\s*,\s*\\*"/y;
  let scrubbed = "";
  let from = 0;
  for (const match of text.matchAll(namedValue)) {
    const [whole, escapes = "", isList] = match;
    let at = match.index + whole.length;
    // A match inside a value that was removed already.
    if (match.index < from) continue;
    for (;;) {
      scrubbed += text.slice(from, at) + redacted;
      from = endOfQuoted(text, at, escapes.length);
      nextItem.lastIndex = from;
      if (isList === undefined || !nextItem.test(text)) break;
      at = nextItem.lastIndex;
    }
  }
  return scrubbed + text.slice(from);
}

/** Takes secrets out of a text, JSON or not, and leaves its quoting alone. */
export function scrubText(text: string): string {
  if (!mayHoldSecret.test(text)) return text;
  let scrubbed = redactNamedValues(text);
  for (const [pattern, replacement] of patterns) scrubbed = scrubbed.replace(pattern, replacement);
  return scrubbed;
}
