import { expect, test } from "@jest/globals";
import { createLogger } from "@topdog/telemetry/logger";
import { scrubText } from "@topdog/telemetry/scrub";
import fc from "fast-check";

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const alphanumeric = `${upper}${upper.toLowerCase()}0123456789`;
const textOf = (alphabet: string, minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split("")), minLength, maxLength });
const token = (prefix: string, body: fc.Arbitrary<string>) => body.map((secret) => ({ text: prefix + secret, secret }));
const base64url = `${alphanumeric}-_`;

/** What a secret looks like, and which part of it must never come out. */
const secrets: Record<string, fc.Arbitrary<{ text: string; secret: string }>> = {
  "our own key": token("td_", textOf(base64url, 43)),
  "OpenAI key": token("sk-proj-", textOf(base64url, 40, 120)),
  "masked OpenAI key": token("sk-abcd", textOf(`${alphanumeric}*`, 20)),
  "Anthropic key": token("sk-ant-api03-", textOf(base64url, 95)),
  "OpenAI organization": token("org-", textOf(alphanumeric, 24)),
  "OpenAI project": token("proj_", textOf(alphanumeric, 24)),
  "Stripe live key": token("sk_live_", textOf(alphanumeric, 24, 99)),
  "Stripe restricted key": token("rk_live_", textOf(alphanumeric, 24, 99)),
  "Stripe test key": token("sk_test_", textOf(alphanumeric, 24, 99)),
  "webhook secret": token("whsec_", textOf(`${alphanumeric}+/`, 32)),
  "Google key": token("AIza", textOf(base64url, 35)),
  "GitHub token": token("ghp_", textOf(alphanumeric, 36)),
  "GitHub fine-grained token": token("github_pat_", textOf(`${alphanumeric}_`, 82)),
  "Slack token": token("xoxb-", textOf(`${alphanumeric}-`, 40)),
  "AWS key id": token("AKIA", textOf(`${upper}234567`, 16)),
  "NATS seed": token("SU", textOf(`${upper}234567`, 56)),
  JWT: fc
    .tuple(textOf(base64url, 20, 60), textOf(base64url, 30, 90), textOf(base64url, 43))
    .map(([head, body, signature]) => ({ text: `eyJ${head}.eyJ${body}.${signature}`, secret: body })),
  "bearer token": token("Bearer ", textOf(base64url, 20)),
  "password in a URL": textOf(`${alphanumeric}@:!$*`, 8).map((secret) => ({
    text: `postgres://quota:p${secret}@db.internal:5432/quota?sslmode=require`,
    secret,
  })),
  "token in a URL": textOf(alphanumeric, 32).map((secret) => ({ text: `nats://${secret}@bus:4222`, secret })),
  "key in a query": textOf(base64url, 24).map((secret) => ({ text: `https://host/v1?a=1&key=${secret}&b=2`, secret })),
  "password in a DSN": textOf(alphanumeric, 12).map((secret) => ({
    text: `host=db password=${secret} port=1`,
    secret,
  })),
  "authorization header": textOf(alphanumeric, 16).map((secret) => ({ text: `Authorization: Key ${secret}`, secret })),
};

const around = fc.constantFrom("", " ", "\n", "\t", '"', "'", "/", "%2F", "(", "=", ": ", "key ", "é", "\u0007", "\\");
const objectNames = fc.constantFrom("msg", "upstream", "reason", "a", "body");

/** Puts a text somewhere into a log object: deep, in a list, or as JSON within a text. */
function embedded(text: fc.Arbitrary<string>): fc.Arbitrary<Record<string, unknown>> {
  const inValue = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.tuple(objectNames, tie("value")).map(([name, value]) => ({ before: 1, [name]: value, after: "x" })),
      tie("value").map((value) => ["x", value]),
      tie("value").map((value) => JSON.stringify({ value })),
    ),
  })).value;
  return fc.tuple(objectNames, inValue).map(([name, value]) => ({ [name]: value }));
}

function logged(object: object): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ service: "quota", level: "info", destination }).info(object, "line");
  return lines.join("");
}

test.each(Object.keys(secrets))(
  "a secret of the kind %s never comes out, wherever it stands in a log object",
  (kind) => {
    const placed = (secrets[kind] as fc.Arbitrary<{ text: string; secret: string }>).chain(({ text, secret }) =>
      embedded(fc.tuple(around, around).map(([before, after]) => `${before}${text}${after}`)).map((object) => ({
        object,
        secret,
      })),
    );
    fc.assert(
      fc.property(placed, ({ object, secret }) => {
        const line = logged(object);
        expect(line).not.toContain(secret);
        expect(() => JSON.parse(line) as unknown).not.toThrow();
      }),
    );
  },
);

const nameOfSecret = fc.constantFrom(
  "password",
  "db_password",
  "clientSecret",
  "accessToken",
  "token",
  "apiKey",
  "X-Api-Key",
  "OPENAI_API_KEY",
  "set-cookie",
  "Authorization",
  "private_key",
  "credential",
);

test("a value whose name says that it is secret never comes out, whatever it holds, also as JSON in a text in a text", () => {
  const value = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(
    fc.property(nameOfSecret, value, fc.nat(2), fc.boolean(), (name, secret, depth, isList) => {
      let told: unknown = { before: 1, [name]: isList ? [secret, secret] : secret, after: { x: "y" } };
      for (let level = 0; level < depth; level += 1) told = { inner: JSON.stringify(told) };
      let read: unknown = JSON.parse(logged({ told }));
      read = (read as { told: unknown }).told;
      for (let level = 0; level < depth; level += 1) read = JSON.parse((read as { inner: string }).inner);
      const shown = isList ? ["[redacted]", "[redacted]"] : "[redacted]";
      expect(read).toEqual({ before: 1, [name]: shown, after: { x: "y" } });
    }),
    { numRuns: 500 },
  );
});

test("a password that is a number, and one in a text that was cut short, do not come out", () => {
  expect(JSON.parse(scrubText('{"password":-123456,"n":2}'))).toEqual({ password: "[redacted]", n: 2 });
  const cut = scrubText(JSON.stringify({ msg: JSON.stringify({ password: "hunter2" }).slice(0, -4) }));
  expect(cut).toBe(String.raw`{"msg":"{\"password\":\"[redacted]"}`);
});

const ordinaryTexts = fc.constantFrom(
  "Unexpected token } in JSON at position 12",
  "basic authentication is not offered",
  "bearer authentication is needed",
  "risk-assessment-of-many-things",
  "http://127.0.0.1:8080/v1/models?limit=5&cursor=abc",
  "http://127.0.0.1:8080/a@b",
  "nats://127.0.0.1:4222",
  "postgres://quota@db/quota",
  "connect ECONNREFUSED 10.0.0.7:5432",
  "file:///app/node_modules/.pnpm/pino@10.4.0/node_modules/pino/pino.js:12:3",
  "org-registry answered, org-wide limits apply",
  "mail to owner@example.test",
  "secrets were rotated; the token bucket is empty",
);
const ordinaryId = fc
  .tuple(fc.constantFrom("req_", "usr_", "org_", "key_", "gw_", ""), textOf("0123456789abcdef", 24, 32))
  .map(([prefix, hex]) => prefix + hex);
const ordinaryFacts = fc.record({
  promptTokens: fc.nat(),
  tokens: fc.nat(),
  keyId: ordinaryId,
  userId: ordinaryId,
  traceId: ordinaryId,
  durationMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
  leaseId: fc.uuid(),
  keyHash: ordinaryId,
  detail: ordinaryTexts,
  seed: fc.nat(),
});

test("an ordinary line comes out unchanged", () => {
  fc.assert(
    fc.property(embedded(ordinaryTexts), ordinaryFacts, (object, facts) => {
      const text = JSON.stringify({ ...object, ...facts });
      expect(scrubText(text)).toBe(text);
    }),
    { numRuns: 500 },
  );
});
