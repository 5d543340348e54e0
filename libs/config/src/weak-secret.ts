/** Placeholders that people write in place of a secret, and words from our own examples. */
const placeholders =
  /change[-_ ]?(?:me|it|this)|password|passwort|passw0rd|secret|example|placeholder|insecure|replace[-_ ]?(?:me|this)|your[-_ ](?:key|own)|deadbeef/i;
/** A key that somebody else makes may contain such a word by chance: it is refused only when it is nothing else. */
const nothingElse = new RegExp(`^(?:${placeholders.source}|your.*|<.*>|x+|todo|none|null|undefined)$`, "i");
const distinctCharactersMin = 8;
/** Characters that go up or down the alphabet or the digits one by one, or stay the same. */
const sequenceMax = 7;

/** The text repeats a shorter one at least twice, the last time perhaps not to its end: `abcabcab`. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.slice(period) === text.slice(0, -period)) return true;
  }
  return false;
}

function hasSequence(text: string): boolean {
  let length = 1;
  let lastStep = Number.NaN;
  for (let index = 1; index < text.length; index += 1) {
    const step = text.charCodeAt(index) - text.charCodeAt(index - 1);
    length = step !== lastStep ? 2 : length + 1;
    if (length > sequenceMax && Math.abs(step) <= 1) return true;
    lastStep = step;
  }
  return false;
}

export const isPlaceholder = (secret: string): boolean => nothingElse.test(secret);

/** Why a key can be guessed; null for a random key (one in millions of those is refused). */
export function weaknessOf(secret: string): string | null {
  if (placeholders.test(secret)) return "is a placeholder";
  if (new Set(secret).size < distinctCharactersMin || isRepetition(secret) || hasSequence(secret))
    return "is too regular to be secret";
  return null;
}
