/** What an authenticator app reads (RFC 4648), as hex. */
export function fromBase32(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = text.replaceAll(/./g, (one) => alphabet.indexOf(one).toString(2).padStart(5, "0"));
  return (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, "0")).join("");
}
