import { hash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { urlList } from "@topdog/config/address";
import { commonFields } from "@topdog/config/fields";
import { readConfig } from "@topdog/config/load";
import { secretOfLength, secretSchema } from "@topdog/config/secret";
import { z } from "zod";

const problemsOf = (fields: z.ZodRawShape, env: Record<string, string>): readonly string[] => {
  const result = readConfig(z.object(fields), env);
  return result.ok ? [] : result.problems;
};

describe("a secret that can be guessed", () => {
  const problemsOfSecret = (KEY: string) => problemsOf({ KEY: secretOfLength(32) }, { KEY });

  test.each([
    ["x".repeat(32), "is too regular to be secret"],
    ["0123456789abcdef0123456789abcdef", "is too regular to be secret"],
    ["Zk1vN4xWc7Zk1vN4xWc7Zk1vN4xWc7Zk1", "is too regular to be secret"],
    ["rq8Zk1vN4xWc7TbY2mLd-abcdefgh-9s", "is too regular to be secret"],
    ["ababbabaabbabaababbabababbabaabb", "is too regular to be secret"],
    ["changeme-changeme-rq8Zk1vN4xWc7T", "is a placeholder"],
    ["a test's secret of thirty-two characters", "is a placeholder"],
    ["your-own-key-rq8Zk1vN4xWc7TbY2mLd", "is a placeholder"],
  ])("%s is refused, and not repeated", (secret, problem) => {
    expect(problemsOfSecret(secret)).toEqual([`KEY: ${problem}`]);
  });

  test("a random one is accepted, whatever its alphabet", () => {
    // The same each time: one in many thousands is too regular by chance.
    for (let count = 0; count < 500; count += 1) {
      const bytes = hash("sha256", `random ${count}`, "buffer");
      expect(problemsOfSecret(bytes.subarray(0, 16).toString("hex"))).toEqual([]);
      expect(problemsOfSecret(bytes.toString("base64url"))).toEqual([]);
    }
  });

  test("a key of another maker is refused only when it is nothing but a placeholder", () => {
    const problemsOfKey = (KEY: string) => problemsOf({ KEY: secretSchema }, { KEY });
    for (const key of ["changeme", "your-key-here", "<key>", "xxx"]) expect(problemsOfKey(key)).toHaveLength(1);
    for (const key of ["sk-example-1234", "sk_test_abc"]) expect(problemsOfKey(key)).toEqual([]);
  });
});

describe("an address that a process must not connect to", () => {
  const URLS = urlList(["http", "https"], 4);

  test.each([
    "http://169.254.169.254/latest/meta-data",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://metadata.google.internal./computeMetadata",
    "https://metadata/",
    "http://quota:8083, http://169.254.1.2",
  ])("%s is refused", (url) => {
    expect(problemsOf({ URLS }, { URLS: url })).toEqual([
      "URLS: is a link-local address or a cloud's metadata service",
    ]);
  });

  test.each(["file:///etc/passwd", "gopher://quota", "javascript:alert(1)", "quota:8083", "ftp://quota"])(
    "%s is refused for its scheme",
    (url) => {
      expect(problemsOf({ URLS }, { URLS: url })).toEqual(["URLS: must start with http:// or https://"]);
    },
  );

  test("is refused in every field for an address, and ordinary addresses are accepted", () => {
    const { DATABASE_URL, NATS_URL, OTEL_EXPORTER_OTLP_ENDPOINT } = commonFields;
    const fields = { DATABASE_URL, NATS_URL, OTEL_EXPORTER_OTLP_ENDPOINT };
    const bad = {
      DATABASE_URL: "postgres://quota:pw@169.254.169.254/quota",
      NATS_URL: "ws://127.0.0.1:8422",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://169.254.169.254",
    };
    expect(problemsOf(fields, bad).map((problem) => problem.split(":")[0])).toEqual(Object.keys(bad));
    const good = {
      DATABASE_URL: "postgresql://quota:p,w@db.internal:5432/quota?sslmode=require",
      NATS_URL: "nats://127.0.0.1:4222, tls://[::1]:4222",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
    };
    expect(problemsOf(fields, good)).toEqual([]);
  });
});

describe("Postgres without a password", () => {
  const { DATABASE_URL, NODE_ENV } = commonFields;
  const problems = (url: string, mode: string) =>
    problemsOf({ DATABASE_URL, NODE_ENV }, { DATABASE_URL: url, NODE_ENV: mode });

  test("is refused in production, as is a password that can be guessed, and accepted elsewhere", () => {
    const none = "postgres://quota@db/quota";
    expect(problems(none, "production")).toEqual(["DATABASE_URL: has no password, which production needs"]);
    for (const password of ["quota", "changeme", "aaaa"]) {
      const url = `postgres://quota:${password}@db/quota`;
      expect(problems(url, "production")).toEqual(["DATABASE_URL: its password can be guessed"]);
      expect(problems(url, "development")).toEqual([]);
    }
    expect(problems(none, "")).toEqual([]);
    expect(problems("postgres://quota:rq8Zk1vN4xWc@db/quota", "production")).toEqual([]);
  });
});
