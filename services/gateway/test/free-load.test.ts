import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { formatApiKey } from "@topdog/contracts/api-key";
import { eventually } from "@topdog/testing/eventually";
import { answerJson } from "./fake-router.ts";
import { errorOf, startPlatform, type Gateway, type Platform } from "./platform.ts";
import { sendRaw, type RawExchange } from "./raw-http.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.stop());

const models = { method: "GET", path: "/v1/models" } as const;

/** A call whose body never comes. */
async function stalledUpload(gateway: Gateway, key: string, more = ""): Promise<RawExchange> {
  const upload = sendRaw(
    gateway.port,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${more}authorization: Bearer ${key}\r\ncontent-length: 100000\r\nexpect: 100-continue\r\n\r\n`,
  );
  await eventually(() => expect(upload.text()).toMatch(/^HTTP\/1.1 \d/));
  return upload;
}
const refusedBy = (gateway: Gateway, limit: string): Promise<number> =>
  gateway.metric(`topdog_gateway_front_refusals_total{limit="${limit}"`);

describe("uploads that stall", () => {
  test("hold none of the process's slots: eight of a free key leave a gateway of eight free for others", async () => {
    const gateway = await platform.startGateway({ MAX_IN_FLIGHT: "8" });
    const idler = platform.newKey();
    const uploads = [];
    for (let n = 0; n < 8; n += 1) uploads.push(await stalledUpload(gateway, idler.key));
    expect(uploads.map((one) => one.text())).toEqual(uploads.map(() => "HTTP/1.1 100 Continue\r\n\r\n"));
    const { key } = platform.newKey();
    for (let n = 0; n < 8; n += 1) expect((await gateway.call(key)).status).toBe(200);
    expect(platform.quota.used(idler.principal.buckets.personal, "api_calls")).toBe(0);
    for (const one of uploads) one.socket.destroy();
  });

  test("end after a window with too few bytes: 408, and the connection is closed", async () => {
    const gateway = await platform.startGateway({ UPLOAD_WINDOW_MS: "200" });
    const { key } = platform.newKey();
    const upload = await stalledUpload(gateway, key);
    const drip = setInterval(() => upload.socket.write("x"), 20);
    await upload.closed;
    clearInterval(drip);
    expect(upload.text()).toMatch(/HTTP\/1.1 408 .*request_timeout/s);
  });

  test("are bounded for each key and each address: one more is 429 with Retry-After before a body is sent", async () => {
    const gateway = await platform.startGateway({ MAX_UPLOADS_PER_KEY: "2", MAX_UPLOADS_PER_ADDRESS: "3" });
    const [one, two] = [platform.newKey(), platform.newKey()];
    const uploads = [await stalledUpload(gateway, one.key), await stalledUpload(gateway, one.key)];
    const third = await gateway.call(one.key);
    expect([third.status, errorOf(third).code, third.headers["retry-after"]]).toEqual([429, "too_many_calls", "1"]);
    uploads.push(await stalledUpload(gateway, two.key));
    const refused = await stalledUpload(gateway, two.key);
    expect(refused.text()).toMatch(/^HTTP\/1.1 429 .*too_many_calls/s);
    expect([await refusedBy(gateway, "uploads_of_key"), await refusedBy(gateway, "uploads_of_address")]).toEqual([
      1, 1,
    ]);
    for (const upload of uploads) upload.socket.destroy();
    await eventually(async () => expect((await gateway.call(one.key)).status).toBe(200));
  });
});

describe("calls", () => {
  test("of one key, and of one address, are bounded at once; when one ends the next may come", async () => {
    const gateway = await platform.startGateway({ MAX_CALLS_PER_KEY: "2", MAX_CALLS_PER_ADDRESS: "3" });
    const [one, two] = [platform.newKey(), platform.newKey()];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    platform.router.script = (res, seen) => void released.then(() => answerJson(res, seen));
    const before = platform.router.openAnswers();
    const running = [gateway.call(one.key), gateway.call(one.key)];
    await eventually(() => expect(platform.router.openAnswers()).toBe(before + 2));
    expect(errorOf(await gateway.call(one.key)).message).toContain("this API key");
    running.push(gateway.call(two.key));
    await eventually(() => expect(platform.router.openAnswers()).toBe(before + 3));
    expect(errorOf(await gateway.call(two.key)).message).toContain("this address");
    release();
    expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200, 200]);
    platform.router.script = answerJson;
    expect((await gateway.call(one.key)).status).toBe(200);
    await eventually(async () => expect(await gateway.metric("topdog_gateway_active_keys")).toBe(0));
    expect(await gateway.metric("topdog_gateway_active_addresses")).toBe(0);
  });

  test("are distinguished by X-Forwarded-For behind a trusted proxy, and only there", async () => {
    const from = (client: string): string => `x-forwarded-for: ${client}\r\n`;
    const limits = { MAX_UPLOADS_PER_ADDRESS: "1" };
    const { key } = platform.newKey();
    const direct = await platform.startGateway(limits);
    const behindProxy = await platform.startGateway({ ...limits, TRUSTED_PROXIES: "127.0.0.0/8" });
    const first = [
      await stalledUpload(direct, key, from("192.0.2.1")),
      await stalledUpload(behindProxy, key, from("192.0.2.1")),
    ];
    const second = [
      await stalledUpload(direct, key, from("192.0.2.2")),
      await stalledUpload(behindProxy, key, from("192.0.2.2")),
    ];
    const again = await stalledUpload(behindProxy, key, from("192.0.2.1"));
    expect(second.map((one) => one.text().slice(9, 12))).toEqual(["429", "100"]);
    expect(again.text().slice(9, 12)).toBe("429");
    for (const upload of [...first, ...second, again]) upload.socket.destroy();
  });
});

describe("the memory for bodies", () => {
  test("is bounded for all calls together and for each key: 503 with Retry-After, and it comes back", async () => {
    const gateway = await platform.startGateway({
      MAX_BODY_BYTES: "100000",
      MAX_BODIES_BYTES: "250000",
      MAX_BODIES_BYTES_PER_KEY: "150000",
    });
    const body = Buffer.alloc(90_000, 32);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    platform.router.script = (res, seen) => void released.then(() => answerJson(res, seen));
    const [one, two, three] = [platform.newKey(), platform.newKey(), platform.newKey()];
    const running = [gateway.call(one.key, { body }), gateway.call(two.key, { body })];
    await eventually(async () => expect(await gateway.metric("topdog_gateway_held_body_bytes")).toBe(180_000));
    for (const key of [one.key, three.key]) {
      const refused = await gateway.call(key, { body });
      expect([refused.status, errorOf(refused).code, refused.headers["retry-after"]]).toEqual([503, "overloaded", "1"]);
    }
    running.push(gateway.call(three.key, { body: Buffer.alloc(60_000, 32) }));
    release();
    expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200, 200]);
    platform.router.script = answerJson;
    await eventually(async () => expect(await gateway.metric("topdog_gateway_held_body_bytes")).toBe(0));
    expect(await refusedBy(gateway, "body_bytes")).toBe(2);
  });
});

describe("wrong keys", () => {
  test("of one address are answered 429 when there are too many; a known key from there is served all the while", async () => {
    const gateway = await platform.startGateway({ BAD_KEYS_PER_MINUTE: "10" });
    const good = platform.newKey({ apiCalls: 1000 });
    expect((await gateway.call(good.key, models)).status).toBe(200);
    const before = platform.resolves();
    const counts = new Map<number, number>();
    for (let n = 0; n < 40; n += 1) {
      const { status } = await gateway.call(formatApiKey(randomBytes(32)), models);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    // A minute's refill during the test may let one more through.
    expect(counts.get(401)).toBeGreaterThanOrEqual(10);
    expect(counts.get(429)).toBeGreaterThanOrEqual(25);
    expect(platform.resolves() - before).toBe(counts.get(401));
    const refused = await gateway.call("td_nonsense", models);
    expect([refused.status, errorOf(refused).code, refused.headers["retry-after"]]).toEqual([
      429,
      "too_many_bad_keys",
      "6",
    ]);
    expect((await gateway.call(good.key, models)).status).toBe(200);
    expect(await refusedBy(gateway, "bad_keys")).toBeGreaterThanOrEqual(25);
  });

  test("a thousand at once make no more lookups than the address has attempts", async () => {
    const gateway = await platform.startGateway({ BAD_KEYS_PER_MINUTE: "20" });
    const before = platform.resolves();
    const keys = Array.from({ length: 1000 }, () => formatApiKey(randomBytes(32)));
    await Promise.all(keys.map((key) => gateway.call(key, models)));
    expect(platform.resolves() - before).toBeLessThanOrEqual(25);
  });
});
