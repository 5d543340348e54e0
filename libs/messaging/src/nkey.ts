import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { Authenticator } from "@nats-io/transport-node";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const seedPrefix = 18 << 3;
const keyBytes = 32;
const checksumBytes = 2;
const seedLetters = Math.ceil(((2 + keyBytes + checksumBytes) * 8) / 5);
/** What DER says before the 32 bytes of an Ed25519 private key (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Proves who connects, as the client's own `nkeyAuthenticator` does, by OpenSSL: that one computes three points of the curve in JavaScript for each
 * connection, 30 ms in which a process does nothing else. Throws when it is given no seed of an nkey.
 */
export function busAuthenticator(seed: string): Authenticator {
  const { nkey, key } = readSeed(seed);
  return (nonce) => ({
    nkey,
    sig: nonce === undefined ? "" : sign(null, Buffer.from(nonce), key).toString("base64"),
  });
}

/** A seed is its kind in two bytes, which say whose public key it is too, the private key, and a checksum. */
function readSeed(seed: string): { nkey: string; key: KeyObject } {
  const raw = fromBase32(seed);
  const [first = 0, second = 0] = raw;
  const checked = raw.subarray(0, -checksumBytes);
  const isSeed = seed.length === seedLetters && raw.length > 0 && (first & 0b1111_1000) === seedPrefix;
  if (!isSeed || checksum(checked) !== raw.readUInt16LE(checked.length)) throw new Error("this is no seed of an nkey");
  const kind = ((first & 0b111) << 5) | (second >> 3);
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Head, checked.subarray(2)]),
    format: "der",
    type: "pkcs8",
  });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const named = Buffer.concat([Buffer.from([kind]), Buffer.from(x, "base64url"), Buffer.alloc(checksumBytes)]);
  named.writeUInt16LE(checksum(named.subarray(0, -checksumBytes)), named.length - checksumBytes);
  return { nkey: toBase32(named), key };
}

/** CRC-16/XMODEM. */
function checksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}

function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  if (bits.includes("-")) return Buffer.alloc(0);
  return Buffer.from((bits.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/[01]{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}
