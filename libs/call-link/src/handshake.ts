import { createHash, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { LinkProtocolError } from "./frame.ts";

export type LinkRole = "gateway" | "router";

/** The Ed25519 key that this process proves itself with. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The public keys of the other role, by key id: two of them while keys are rotated. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

const protocolVersion = 1;
const nonceBytes = 32;
const signatureBytes = 64;

const helloSchema = z.strictObject({
  version: z.literal(protocolVersion),
  role: z.enum(["gateway", "router"]),
  kid: z.string().min(1).max(128),
  nonce: z.string().length(Math.ceil((nonceBytes * 4) / 3)),
});
export type Hello = z.infer<typeof helloSchema>;

export function makeHello(role: LinkRole, kid: string): Hello {
  return { version: protocolVersion, role, kid, nonce: randomBytes(nonceBytes).toString("base64url") };
}

/** Each hello has exactly one encoding, because it is signed. */
export const encodeHello = ({ version, role, kid, nonce }: Hello): string =>
  JSON.stringify({ version, role, kid, nonce });

/** Throws LinkProtocolError, also when the other side has our own role: so nothing can be sent back to its sender. */
export function decodeHello(payload: Buffer, expectedRole: LinkRole): Hello {
  let hello: unknown;
  try {
    hello = JSON.parse(payload.toString());
  } catch {
    throw new LinkProtocolError("the hello is not JSON");
  }
  const parsed = helloSchema.safeParse(hello);
  if (!parsed.success) throw new LinkProtocolError("the hello does not fit this version of the protocol");
  if (parsed.data.role !== expectedRole) throw new LinkProtocolError(`the other side is no ${expectedRole}`);
  return parsed.data;
}

/** Under TLS both proofs name the TLS session, so that nobody in between can pass them on to another one. */
function channelBinding(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return "";
  return socket.exportKeyingMaterial(32, "EXPORTER-topdog-call-link", Buffer.alloc(0)).toString("base64url");
}

/**
 * What a side signs: who it is, both hellos with their nonces, and the TLS session. It holds for this one connection and
 * this one direction.
 */
function signedText(signer: LinkRole, gateway: Hello, router: Hello, socket: Socket): Buffer {
  const hellos = createHash("sha256")
    .update(`${encodeHello(gateway)}\n${encodeHello(router)}`)
    .digest("base64url");
  return Buffer.from(`topdog call link ${protocolVersion}\n${signer}\n${hellos}\n${channelBinding(socket)}`);
}

export interface Proving {
  readonly gateway: Hello;
  readonly router: Hello;
  readonly socket: Socket;
}

export function signProof(signer: LinkRole, { key }: SigningKey, { gateway, router, socket }: Proving): Buffer {
  return sign(null, signedText(signer, gateway, router, socket), key);
}

/** Throws LinkProtocolError for an unknown key or a wrong signature. */
export function checkProof(signer: LinkRole, keys: TrustedKeys, proof: Buffer, proving: Proving): void {
  const { gateway, router, socket } = proving;
  const key = keys.get(signer === "gateway" ? gateway.kid : router.kid);
  const isRight =
    key !== undefined &&
    proof.length === signatureBytes &&
    verify(null, signedText(signer, gateway, router, socket), key, proof);
  if (!isRight) throw new LinkProtocolError(`the other side is not a ${signer} that we know`);
}
