import { crc32 } from "node:zlib";

/**
 * An API key: `td_`, 32 random bytes in base64url (43 characters), and the CRC-32 of all that in six base62 digits. The
 * checksum protects nothing: by it a typing error or a made-up string is refused without a lookup.
 */
const prefix = "td_";
const secretLength = 43;
const checksumLength = 6;
const keyLength = prefix.length + secretLength + checksumLength;
const secretBytes = 32;
const keyPattern = /^td_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let place = 0; place < checksumLength; place += 1) {
    digits = base62.charAt(rest % base62.length) + digits;
    rest = Math.floor(rest / base62.length);
  }
  return digits;
}

/** A new key from 32 random bytes. Shown once, stored nowhere. */
export function formatApiKey(random: Uint8Array): string {
  if (random.length !== secretBytes) throw new Error(`an API key is made of ${secretBytes} random bytes`);
  const text = `${prefix}${Buffer.from(random).toString("base64url")}`;
  return text + checksumOf(text);
}

/** Whether `text` has a key's length and prefix. Costs two comparisons. */
export const hasApiKeyShape = (text: string): boolean => text.length === keyLength && text.startsWith(prefix);

/** Whether `text` is a key that we could have made: its checksum is right. Says nothing about whether we did. */
export const isApiKey = (text: string): boolean =>
  keyPattern.test(text) && checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);

/** Every key in a text, once, wherever it stands: also where it touches other text. Described for others in docs/api-keys.md. */
export function findApiKeys(text: string): string[] {
  const found = new Set<string>();
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
    const candidate = text.slice(at, at + keyLength);
    if (isApiKey(candidate)) found.add(candidate);
  }
  return [...found];
}
