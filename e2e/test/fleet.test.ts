import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { request } from "undici";
import { until } from "../support/eventually.ts";
import { bucketsOf, invariantViolations } from "../support/ledger.ts";
import { runLoad, type Observation } from "../support/load.ts";
import { startPlatform, type Platform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";
import { rawCall } from "../support/raw-call.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({
    gateways: 2,
    fastProviders: true,
    // No known key runs out by itself: what is refused was revoked.
    settings: { gateway: { PRINCIPAL_TTL_MS: "600000" } },
  });
}, 180_000);

afterAll(async () => {
  await platform.stop();
});

const settledAdmissions = (seen: readonly Observation[], source: string): number =>
  seen.filter((one) => one.complete && one.source === source).length;

describe("two gateways and one daily limit", () => {
  test("at full speed they admit exactly the limit, personal first and then the org bucket, and lose none of it", async () => {
    const { orgId, ownerId, ownerKey } = await platform.newOrg({ plan: "teams", seats: 3 });
    let refusals = 0;
    const seen = await runLoad({
      urls: platform.gatewayUrls,
      keys: [ownerKey],
      clients: 6,
      // Three run at once: short answers make the day pass sooner.
      maxTokens: 1,
      streamedShare: 0.2,
      random: seededRandom(7),
      pauseAfterFailureMs: 5,
      goOn: (observations) => {
        refusals = observations.filter((one) => one.status === 429).length;
        return refusals < 64 && observations.length < 4_000;
      },
    });

    // Teams: 600 LLM requests a seat-holder a day, then 400 × 3 API calls of the org bucket.
    expect(settledAdmissions(seen, "personal")).toBe(600);
    expect(settledAdmissions(seen, "org_pool")).toBe(1_200);
    expect(seen.filter((one) => one.status !== 200 && one.status !== 429 && one.status !== 503)).toEqual([]);

    const buckets = await until(
      "every admitted token is settled",
      () => bucketsOf(platform, [`seat:${orgId}:${ownerId}`, `org:${orgId}`]),
      (rows) => rows.some((row) => row.owner === `org:${orgId}` && row.settled === 1_200),
    );
    expect(buckets).toContainEqual(expect.objectContaining({ meter: "llm_requests", settled: 600, limit: 600 }));
    expect(await invariantViolations(platform)).toEqual([]);
  });

  test("a refusal says which limit, when it resets and what would raise it, and tells SDKs not to retry", async () => {
    const { userKey } = await platform.newUser({ plan: "free" });
    await runLoad({
      urls: platform.gatewayUrls,
      keys: [userKey],
      clients: 4,
      streamedShare: 0,
      random: seededRandom(8),
      goOn: (observations) => observations.filter((one) => one.status === 429).length < 4 && observations.length < 200,
    });
    const refused = await chat(userKey, 0);
    expect(refused.status).toBe(429);
    expect(refused.headers["x-should-retry"]).toBe("false");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(refused.headers["x-ratelimit-remaining-requests"]).toBe("0");
    expect(refused.json).toMatchObject({ error: { code: "quota_exceeded" } });
    expect(refused.text).toContain("Pro");
  });
});

describe("two gateways and the concurrent requests of one plan", () => {
  /** Until a call that has begun is there: one that came before it would take its place. */
  const arrivalMs = 1_000;
  /** A call that has begun, whose body is still on its way. */
  function beginUpload(key: string, gateway: number) {
    const body = new PassThrough();
    body.write(chatBody.slice(0, 10));
    const answer = request(`${platform.gatewayUrls[gateway] ?? ""}/v1/chat/completions`, {
      method: "POST",
      headers: bearer(key),
      body,
    }).then(
      async (reply) => ({ status: reply.statusCode, text: await reply.body.text() }),
      () => ({ status: 0, text: "" }),
    );
    return {
      finish: () => {
        body.end(chatBody.slice(10));
        return answer;
      },
    };
  }
  const refusedAt = (key: string, gateway: number) =>
    until(
      "all concurrent requests are seen as running",
      () => chat(key, gateway),
      ({ status }) => status === 429,
    );
  const servedAt = (key: string, gateway: number) =>
    until(
      "a call is served again",
      () => chat(key, gateway),
      ({ status }) => status === 200,
    );

  test("calls beyond them are refused at either gateway before their bodies are read, and served when one has ended", async () => {
    const { userKey } = await platform.newUser({ plan: "pro" });
    const running = [beginUpload(userKey, 0), beginUpload(userKey, 1)];
    await sleep(arrivalMs);
    for (const gateway of [0, 1]) {
      const refused = await refusedAt(userKey, gateway);
      expect(refused.json).toMatchObject({ error: { code: "concurrent_requests_exceeded", type: "rate_limit_error" } });
      expect(refused.text).toContain("Your plan allows 2 requests at once, and 2 are running.");
      expect(refused.headers["retry-after"]).toBe("1");
    }
    const begun = beginUpload(userKey, 1);
    expect((await begun.finish()).status).toBe(429);
    expect((await running[0]?.finish())?.status).toBe(200);
    await servedAt(userKey, 1);
    expect((await running[1]?.finish())?.status).toBe(200);
  });

  test("the free plan's single request works at two gateways in turn", async () => {
    const { userKey } = await platform.newUser({ plan: "free" });
    for (let call = 0; call < 10; call += 1) expect((await chat(userKey, call % 2)).status).toBe(200);
  });

  test("what a killed gateway was serving counts no more within seconds", async () => {
    const { userKey } = await platform.newUser({ plan: "pro" });
    const cut = [beginUpload(userKey, 0), beginUpload(userKey, 0)];
    await sleep(arrivalMs);
    await refusedAt(userKey, 1);
    await platform.kill9("gateway");
    await servedAt(userKey, 1);
    for (const one of cut) expect((await one.finish()).status).toBe(0);
    await platform.restart("gateway");
  });
});

describe("an API key", () => {
  test("is shown once, listed by prefix and last four, and refused by every gateway after its revocation", async () => {
    const { userId, userKey } = await platform.newUser({ plan: "pro" });
    const auth = { authorization: `Bearer ${userKey}` };
    const { id, key } = await platform.newKey(userId);
    const listed = await rawCall(platform, "/api/keys", { headers: auth });
    expect(listed.text).not.toContain(key);
    expect(listed.text).toContain(key.slice(-4));

    for (const gateway of [0, 1]) expect((await models(key, gateway)).status).toBe(200);

    const revoked = await rawCall(platform, `/api/keys/${id}`, { headers: auth, method: "DELETE" });
    expect(revoked.status).toBe(204);
    for (const gateway of [0, 1]) {
      await until(
        "the revoked key is refused",
        () => models(key, gateway),
        (answer) => answer.status === 401,
      );
    }
  });
});

describe("a plan change", () => {
  test("a raise and a lowering take effect at every gateway by themselves", async () => {
    const { userId, userKey } = await platform.newUser({ plan: "pro" });
    for (const gateway of [0, 1]) expect(await shownLimit(userKey, gateway)).toBe("800");

    await platform.setPlan(`user:${userId}`, "pro_plus", 1);
    await limitEverywhere(userKey, "1200");
    await platform.setPlan(`user:${userId}`, "free", 1);
    await limitEverywhere(userKey, "75");
    expect(await invariantViolations(platform)).toEqual([]);
  });

  test("a caller at the limit may go on after an upgrade, at every gateway", async () => {
    const { userId, userKey } = await platform.newUser({ plan: "free" });
    await runLoad({
      urls: platform.gatewayUrls,
      keys: [userKey],
      clients: 4,
      streamedShare: 0,
      random: seededRandom(9),
      goOn: (seen) => seen.filter((one) => one.status === 429).length < 8 && seen.length < 200,
    });
    await platform.setPlan(`user:${userId}`, "pro", 1);
    for (const gateway of [0, 1]) {
      await until(
        "calls are admitted again",
        () => chat(userKey, gateway),
        (answer) => answer.status === 200,
      );
    }
  });
});

const bearer = (key: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  "content-type": "application/json",
});
const chatBody = JSON.stringify({
  model: "sandbox-small",
  max_tokens: 4,
  messages: [{ role: "user", content: "hi" }],
});
const models = (key: string, gateway: number) => rawCall(platform, "/v1/models", { headers: bearer(key), gateway });
const chat = (key: string, gateway: number) =>
  rawCall(platform, "/v1/chat/completions", {
    headers: bearer(key),
    gateway,
    body: chatBody,
  });

/** The API-call limit that the gateway shows on a model list. */
async function shownLimit(key: string, gateway: number): Promise<string> {
  return String((await models(key, gateway)).headers["x-ratelimit-limit-requests"]);
}

async function limitEverywhere(key: string, limit: string): Promise<void> {
  await Promise.all(
    [0, 1].map((gateway) =>
      until(
        `gateway ${gateway} shows ${limit}`,
        () => shownLimit(key, gateway),
        (shown) => shown === limit,
      ),
    ),
  );
}
