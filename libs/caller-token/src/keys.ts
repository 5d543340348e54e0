import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { z } from "zod";

/** A private key and its name. Neither prints its secret. */
export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** Public keys by name. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** The key in use, and during a rotation a second one. */
const publicKeysMax = 2;

const publicJwk = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.base64url().length(43),
  kid: z.string().min(1).max(64),
});
const privateJwk = publicJwk.extend({ d: z.base64url().length(43) });
const keySet = z.strictObject({ keys: z.array(publicJwk).min(1).max(publicKeysMax) });

/** Parses the text as JSON of this schema. The error never repeats the text, which may hold a private key. */
const jsonOf = <T>(schema: z.ZodType<T>, message: string) =>
  z.string().transform((text, context): T => {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
  });

/** The gateway's configuration alone has these fields. */
export const signingKeyField = jsonOf(privateJwk, "must be a private Ed25519 key as a JWK with kty, crv, x, d and kid")
  .transform((jwk, context): SigningKey => {
    try {
      return { kid: jwk.kid, key: createPrivateKey({ key: { ...jwk }, format: "jwk" }) };
    } catch {
      context.addIssue({ code: "custom", message: "is not a key" });
      return z.NEVER;
    }
  })
  .describe("Signs who calls, on HTTP to a sibling: a private Ed25519 key as a JWK with its kid");

/** For every service that the gateway calls for an authenticated caller. */
export const publicKeysField = jsonOf(
  keySet,
  `must be a JWK set of 1 to ${publicKeysMax} public Ed25519 keys, each with kty, crv, x and kid and nothing private`,
)
  .transform(({ keys }, context): PublicKeys => {
    if (new Set(keys.map(({ kid }) => kid)).size < keys.length) {
      context.addIssue({ code: "custom", message: "has two keys with the same kid" });
      return z.NEVER;
    }
    return new Map(keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: "jwk" })]));
  })
  .describe("Verify who calls: a JWK set of the gateway's public keys, two during a rotation");

/** A new pair, as the values of the two variables. */
export function createKeyPair(kid: string): { readonly signingKey: string; readonly publicKeys: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { kty, crv, x, d } = privateKey.export({ format: "jwk" });
  return {
    signingKey: JSON.stringify({ kty, crv, x, d, kid }),
    publicKeys: JSON.stringify({ keys: [{ kty, crv, x, kid }] }),
  };
}
