import { expect, test } from "@jest/globals";
import { Secret } from "@topdog/config/secret";
import { createLogger } from "@topdog/telemetry/logger";

const apiKey = `td_${"Ab1_".repeat(10)}xyz`;
const providerKey = "sk-proj-0123456789abcdef";

function logTo() {
  const lines: string[] = [];
  const logger = createLogger({
    service: "quota",
    level: "info",
    destination: { write: (line) => void lines.push(line) },
  });
  const last = () => JSON.parse(lines.at(-1) ?? "null") as Record<string, unknown>;
  return { logger, lines, last };
}

test("a line is JSON with level name, ISO time and service", () => {
  const { logger, last, lines } = logTo();
  logger.info({ requestId: "req_1" }, "hello");
  expect(last()).toMatchObject({ level: "info", service: "quota", requestId: "req_1", msg: "hello" });
  expect(last()["time"]).toMatch(/^\d{4}-\d{2}-\d{2}T.*Z$/);
  logger.debug("unseen");
  expect(lines).toHaveLength(1);
});

test("an error is written with its whole chain of causes", () => {
  const { logger, last } = logTo();
  logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
  expect(last()).toMatchObject({ err: { message: "outer", cause: { message: "inner" } } });
});

test("no credential reaches a line: header, field, message, error, cause, URL or child binding", () => {
  const { logger, lines } = logTo();
  const headers = {
    authorization: `Bearer ${apiKey}`,
    cookie: "session=abcdef",
    "x-api-key": apiKey,
    "x-topdog-principal": "eyJh.sig",
  };
  logger.info(
    { a: { b: { headers: { "set-cookie": ['x="\\]"; HttpOnly', "abcdef"], Authorization: 'Key "quoted-hunter5"' } } } },
    "deep",
  );
  logger.info({ headers, req: { headers } }, "request");
  logger.info({ key: apiKey, secret: Secret.of("hunter2") }, `key ${apiKey} and ${providerKey}`);
  logger.error(
    new Error(`refused ${providerKey}`, { cause: new Error("postgres://quota:hunter2@db/quota?token=hunter3") }),
  );
  logger.child({ upstream: "https://host/v1?key=hunter4&x=1" }).warn("slow");
  const text = lines.join("");
  for (const secret of [
    apiKey,
    providerKey,
    'abcdef"',
    "eyJh.sig",
    "hunter2",
    "hunter3",
    "hunter4",
    "hunter5",
    "HttpOnly",
  ])
    expect(text).not.toContain(secret);
  for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  expect(text).toContain("postgres://quota:[redacted]@db/quota");
});
