import { findApiKeys } from "@topdog/contracts/api-key";

/** Secrets as they look, ours and those of whom we work with: each so long that neither prose nor code looks like it. */
const shapes: Readonly<Record<string, RegExp>> = {
  "a private key (PEM)": /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}/,
  "a private key (JWK)": /"d"\s*:\s*"[A-Za-z0-9_-]{43}"/,
  "a key-encryption key": /"k"\s*:\s*"[A-Za-z0-9_-]{43}"/,
  "an identity on the bus": /(?<![A-Za-z0-9])S[AUONCX][A-Z2-7]{56}(?![A-Za-z0-9])/,
  "a secret of Stripe": /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9]{24}/,
  "a key of a provider": /(?<![A-Za-z0-9])(?:sk-(?:ant|proj)-[A-Za-z0-9_-]{32}|AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-]))/,
  "a token of GitHub or npm": /(?<![A-Za-z0-9])(?:gh[pousr]|npm)_[A-Za-z0-9]{36}(?![A-Za-z0-9])/,
  "a database's password": /postgres(?:ql)?:\/\/[^\s:/@"'`$]{1,64}:[^\s:/@"'`$]{16,128}@/,
};

/** What in this text looks like a secret, in words; never the secret. */
export function secretsIn(text: string): string[] {
  const found = Object.entries(shapes).flatMap(([what, shape]) => (shape.test(text) ? [what] : []));
  return findApiKeys(text).length > 0 ? ["an API key", ...found] : found;
}
