import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { createCallerSigner } from "@topdog/caller-token/sign";
import type { CallerClaims } from "@topdog/caller-token/token";
import { createCallerVerifier } from "@topdog/caller-token/verify";
import { SignJWT } from "jose";

const nowMs = 1_795_000_000_000;
const claims: CallerClaims = {
  method: "GET",
  path: "/api/usage?from=2026-11-01",
  requestId: "req_1",
  caller: {
    kind: "key",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: "user:usr_1", org: null },
    byok: { scope: "user", used: 0, capacity: 2 },
  },
};
const pair = createKeyPair("2026-11");
const signingKey = signingKeyField.parse(pair.signingKey);
const publicKeys = publicKeysField.parse(pair.publicKeys);
const sign = createCallerSigner(signingKey, () => nowMs);

const verifyAs = (audience: string, atMs = nowMs) => createCallerVerifier({ publicKeys, audience, nowMs: () => atMs });
const received = { method: claims.method, path: claims.path };

describe("a caller's token", () => {
  test("says who calls to the service that it is for, until its lifetime is over", async () => {
    const token = await sign("billing", claims);
    expect(await verifyAs("billing")({ ...received, token })).toEqual(claims);
    expect(await verifyAs("billing", nowMs + 9_000)({ ...received, token })).toEqual(claims);
    expect(await verifyAs("billing", nowMs + 12_000)({ ...received, token })).toBeNull();
    expect(await verifyAs("billing", nowMs - 12_000)({ ...received, token })).toBeNull();
  });

  test("is refused by another service, for another method, path or query, and when it is absent", async () => {
    const token = await sign("billing", claims);
    expect(await verifyAs("quota")({ ...received, token })).toBeNull();
    expect(await verifyAs("billing")({ ...received, token, method: "DELETE" })).toBeNull();
    expect(await verifyAs("billing")({ ...received, token, path: "/api/usage" })).toBeNull();
    expect(await verifyAs("billing")({ ...received, token, path: "/api/usage?from=2026-11-02" })).toBeNull();
    expect(await verifyAs("billing")({ ...received, token: undefined })).toBeNull();
  });

  test("is refused when it is forged: another key, no key, another algorithm or type, a longer life, changed claims", async () => {
    const stranger = signingKeyField.parse(createKeyPair("2026-11").signingKey);
    const jwt = (type: string, fromMs: number, toMs: number) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "Ed25519", typ: type, kid: signingKey.kid })
        .setAudience("billing")
        .setIssuedAt(new Date(fromMs))
        .setExpirationTime(new Date(toMs))
        .sign(signingKey.key);
    const good = await sign("billing", claims);
    const [header = "", , signature = ""] = good.split(".");
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const payload = { ...claims, aud: "billing", iat: nowMs / 1000, exp: nowMs / 1000 + 5 };
    const hmacHeader = encode({ alg: "HS256", typ: "topdog-caller+jwt", kid: signingKey.kid });
    const hmac = createHmac("sha256", pair.publicKeys)
      .update(`${hmacHeader}.${encode(payload)}`)
      .digest("base64url");
    const forged = [
      "nonsense",
      await createCallerSigner(stranger, () => nowMs)("billing", claims),
      await createCallerSigner({ ...signingKey, kid: "unknown" }, () => nowMs)("billing", claims),
      `${encode({ alg: "none", typ: "topdog-caller+jwt", kid: signingKey.kid })}.${encode(payload)}.`,
      `${hmacHeader}.${encode(payload)}.${hmac}`,
      await jwt("JWT", nowMs, nowMs + 5_000),
      await jwt("topdog-caller+jwt", nowMs - 60_000, nowMs + 600_000),
      `${header}.${encode({ ...payload, caller: { ...claims.caller, userId: "usr_2" } })}.${signature}`,
    ];
    expect(
      await verifyAs("billing")({ ...received, token: await jwt("topdog-caller+jwt", nowMs, nowMs + 5_000) }),
    ).toEqual(claims);
    for (const token of forged) expect(await verifyAs("billing")({ ...received, token })).toBeNull();
  });

  test("keys rotate without one refused request: services learn the new key, gateways sign with it, services forget the old", async () => {
    const next = createKeyPair("2026-12");
    const both = JSON.stringify({
      keys: [pair, next].flatMap((one) => (JSON.parse(one.publicKeys) as { keys: object[] }).keys),
    });
    const services = [pair.publicKeys, pair.publicKeys];
    const gateways = [pair.signingKey, pair.signingKey];
    const outcomes: boolean[] = [];
    const everybodyCallsEverybody = async (): Promise<void> => {
      for (const gateway of gateways) {
        for (const service of services) {
          const token = await createCallerSigner(signingKeyField.parse(gateway), () => nowMs)("billing", claims);
          const verify = createCallerVerifier({
            publicKeys: publicKeysField.parse(service),
            audience: "billing",
            nowMs: () => nowMs,
          });
          outcomes.push((await verify({ ...received, token })) !== null);
        }
      }
    };
    for (const [instances, text] of [
      [services, both],
      [gateways, next.signingKey],
      [services, next.publicKeys],
    ] as const) {
      for (let instance = 0; instance < instances.length; instance += 1) {
        instances[instance] = text;
        await everybodyCallsEverybody();
      }
    }
    expect(outcomes).toHaveLength(24);
    expect(outcomes).not.toContain(false);
    const old = await sign("billing", claims);
    const verify = createCallerVerifier({
      publicKeys: publicKeysField.parse(next.publicKeys),
      audience: "billing",
      nowMs: () => nowMs,
    });
    expect(await verify({ ...received, token: old })).toBeNull();
  });
});

describe("the keys of a configuration", () => {
  test("never print their secret, and an error does not repeat a wrong value", () => {
    const { d } = JSON.parse(pair.signingKey) as { d: string };
    expect(inspect(signingKey, { depth: 9, showHidden: true }) + JSON.stringify(signingKey)).not.toContain(d);
    const wrong = publicKeysField.safeParse(pair.signingKey);
    expect(wrong.success).toBe(false);
    expect(JSON.stringify(wrong)).not.toContain(d);
  });

  test("a service refuses a private key, three keys, and two with one kid; the gateway refuses a public key", () => {
    const keysOf = (...names: string[]) =>
      names.flatMap((name) => (JSON.parse(createKeyPair(name).publicKeys) as { keys: object[] }).keys);
    for (const keys of [[JSON.parse(pair.signingKey) as object], keysOf("a", "b", "c"), keysOf("a", "a"), []]) {
      expect(publicKeysField.safeParse(JSON.stringify({ keys })).success).toBe(false);
    }
    expect(publicKeysField.parse(JSON.stringify({ keys: keysOf("a", "b") })).size).toBe(2);
    expect(signingKeyField.safeParse(JSON.stringify(keysOf("a")[0])).success).toBe(false);
    expect(signingKeyField.safeParse("-----BEGIN PRIVATE KEY-----").success).toBe(false);
  });
});
