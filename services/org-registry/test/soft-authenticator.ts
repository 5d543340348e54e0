import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

const sha256 = (data: string | Buffer): Buffer => createHash("sha256").update(data).digest();
const toText = (data: Buffer): string => data.toString("base64url");

/** CBOR of what an authenticator says: whole numbers, bytes, texts and maps (RFC 8949). */
function cbor(value: number | string | Buffer | ReadonlyMap<number | string, unknown>): Buffer {
  const head = (major: number, count: number): Buffer =>
    count < 24
      ? Buffer.from([(major << 5) | count])
      : count < 256
        ? Buffer.from([(major << 5) | 24, count])
        : Buffer.from([(major << 5) | 25, count >> 8, count & 255]);
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const entries = [...value].flatMap(([key, one]) => [cbor(key), cbor(one as Parameters<typeof cbor>[0])]);
  return Buffer.concat([head(5, value.size), ...entries]);
}

export interface Ceremony {
  readonly challenge: unknown;
  readonly origin?: string;
  /** Whether it asked its owner for a finger or a PIN. */
  readonly isVerified?: boolean;
  readonly counter?: number;
  /** Of its statement about itself. */
  readonly format?: string;
  /** The id that the authenticator itself wrote, when it is not the one that the answer names. */
  readonly writtenId?: Buffer;
}

/** An authenticator in this process, with one passkey of one site (WebAuthn level 3, sections 6 and 7). */
export function createAuthenticator(rpId: string, siteOrigin: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = randomBytes(16);
  const clientData = (type: string, { challenge, origin = siteOrigin }: Ceremony): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const authData = (flags: number, { isVerified = true, counter = 1 }: Ceremony, more = Buffer.alloc(0)): Buffer => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    // User present, user verified.
    return Buffer.concat([sha256(rpId), Buffer.from([flags | 1 | (isVerified ? 4 : 0)]), count, more]);
  };
  const answer = (response: object) => ({
    id: toText(id),
    rawId: toText(id),
    type: "public-key",
    response,
    clientExtensionResults: {},
    authenticatorAttachment: "platform",
  });
  return {
    create: (ceremony: Ceremony) => {
      const { writtenId = id } = ceremony;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(writtenId.length);
      const made = Buffer.concat([Buffer.alloc(16), length, writtenId, coseOf(publicKey)]);
      const attestation = new Map<string, unknown>([
        ["fmt", ceremony.format ?? "none"],
        ["attStmt", new Map()],
        ["authData", authData(0x40, ceremony, made)],
      ]);
      return answer({
        clientDataJSON: toText(clientData("webauthn.create", ceremony)),
        attestationObject: toText(cbor(attestation)),
        transports: ["internal"],
      });
    },
    get: (ceremony: Ceremony, key: KeyObject = privateKey) => {
      const [client, data] = [clientData("webauthn.get", ceremony), authData(0, ceremony)];
      return answer({
        clientDataJSON: toText(client),
        authenticatorData: toText(data),
        signature: toText(sign("sha256", Buffer.concat([data, sha256(client)]), key)),
        userHandle: null,
      });
    },
  };
}

/** An ES256 key (RFC 9053). */
function coseOf(publicKey: KeyObject): Buffer {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  return cbor(
    new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, "base64url")],
      [-3, Buffer.from(y, "base64url")],
    ]),
  );
}
