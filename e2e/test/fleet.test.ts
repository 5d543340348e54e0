import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { getGlobalDispatcher, request } from "undici";
import { firstSight, until } from "../support/eventually.ts";
import { adminQuery, bucketsOf, invariantViolations } from "../support/ledger.ts";
import { runLoad, type Observation } from "../support/load.ts";
import { startPlatform, type Platform } from "../support/platform.ts";
import { seededRandom } from "../support/random.ts";
import { rawCall } from "../support/raw-call.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({
    gateways: 2,
    fastProviders: true,
    settings: {
      gateway: {
        // No known key runs out by itself: what is refused was revoked.
        PRINCIPAL_TTL_MS: "600000",
        FREE_CALLS_PER_MINUTE: "1000000",
        // A call whose body waits for the test is not too slow an upload.
        UPLOAD_WINDOW_MS: "120000",
        BODY_TIMEOUT_MS: "120000",
      },
    },
  });
}, 180_000);

afterAll(async () => {
  await platform.stop();
});

const fullSpeedMs = 150_000;
/** Full speed until clients were refused so often. A day that does not end, or is sold twice, ends a load, too. */
function untilRefused(refusals: number, limit: number): (seen: readonly Observation[]) => boolean {
  const endsAtMs = performance.now() + fullSpeedMs;
  return (seen) =>
    performance.now() < endsAtMs &&
    seen.filter(({ status }) => status === 429).length < refusals &&
    seen.filter(({ complete }) => complete).length < 2 * limit;
}
const settledAdmissions = (seen: readonly Observation[], source: string): number =>
  seen.filter((one) => one.complete && one.source === source).length;

describe("two gateways and one daily limit", () => {
  test("a refusal says which limit, when it resets and what would raise it, and tells SDKs not to retry", async () => {
    const { userKey } = await platform.newUser({ plan: "free" });
    await runLoad({
      urls: platform.gatewayUrls,
      keys: [userKey],
      clients: 4,
      streamedShare: 0,
      random: seededRandom(8),
      goOn: untilRefused(4, 40),
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

describe("two gateways and one org", () => {
  test("a raised ceiling is in force at both; at full speed they admit exactly the limit and lose none of it: a member gets what is personal, then of the org bucket nothing that is kept for who else draws, who gets the rest", async () => {
    const { orgId, memberIds, teamsMemberKey, password = "" } = platform.demo;
    const session = await signInAsDemo(
      getGlobalDispatcher(),
      platform.gatewayUrl,
      password,
      "demo-owner@topdog.example",
    );
    const send = async (method: "POST" | "PATCH", path: string, content: object) => {
      const headers = { ...session, "content-type": "application/json" };
      return (await rawCall(platform, path, { method, headers, body: JSON.stringify(content) })).json;
    };
    const account = (await send("POST", `/api/orgs/${orgId}/service-accounts`, { name: "fleet" })) as { id: string };
    const wanted = { name: "fleet", orgId, serviceAccountId: account.id, dailyCeiling: 2 };
    const { id, key } = (await send("POST", "/api/keys", wanted)) as { id: string; key: string };
    let served = 0;
    const statuses = async (): Promise<number[]> => {
      const answers: number[] = [];
      for (const gateway of [0, 1, 0, 1]) answers.push((await chat(key, gateway)).status);
      served += answers.filter((status) => status === 200).length;
      return answers.toSorted((a, b) => a - b);
    };
    expect(await statuses()).toEqual([200, 200, 429, 429]);
    await send("PATCH", `/api/keys/${id}`, { dailyCeiling: 1_000 });
    await until("both gateways serve it again", statuses, (answers) => answers.every((status) => status === 200));

    const atFullSpeed = (ofWhom: string, refusals: number) =>
      runLoad({
        urls: platform.gatewayUrls,
        keys: [ofWhom],
        clients: 6,
        // Three run at once: short answers make the day pass sooner.
        maxTokens: 1,
        streamedShare: 0.2,
        random: seededRandom(10),
        pauseAfterFailureMs: 5,
        goOn: untilRefused(refusals, 1_500),
      });
    const seen = await atFullSpeed(teamsMemberKey, 64);
    // Teams: 600 LLM requests a seat-holder a day, then 400 × 3 API calls of the org bucket, of which a quarter is kept for its service accounts.
    expect(settledAdmissions(seen, "personal")).toBe(600);
    expect(settledAdmissions(seen, "org_pool")).toBe(900);
    const refused = await chat(teamsMemberKey, 0);
    expect([refused.status, refused.json]).toMatchObject([429, { error: { code: "org_share_spent" } }]);
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    const rest = await atFullSpeed(key, 32);
    expect(served + settledAdmissions(rest, "org_pool")).toBe(300);
    const others = [...seen, ...rest].filter(({ status }) => status !== 200 && status !== 429 && status !== 503);
    expect(others).toEqual([]);

    const seats = memberIds.map((memberId) => `seat:${orgId}:${memberId}`);
    const buckets = await until(
      "every admitted token is settled",
      () => bucketsOf(platform, [...seats, `org:${orgId}`]),
      (rows) => rows.some((row) => row.owner === `org:${orgId}` && row.settled === 1_200),
    );
    expect(buckets).toContainEqual(expect.objectContaining({ meter: "llm_requests", settled: 600, limit: 600 }));
    expect(await invariantViolations(platform)).toEqual([]);
  }, 240_000);
});

describe("two gateways and the concurrent requests of one plan", () => {
  /** Until calls that have begun have their permits: one that came before them would take their place. */
  const haveBegun = (userId: string, calls: number): Promise<unknown> =>
    until(
      "calls have begun",
      () =>
        adminQuery<{ held: number }>(
          platform,
          "select coalesce(sum(held), 0)::integer as held from permit where owner = $1",
          [`user:${userId}`],
        ),
      ([permits]) => permits?.held === calls,
    );
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
    const { userId, userKey } = await platform.newUser({ plan: "pro" });
    const running = [beginUpload(userKey, 0), beginUpload(userKey, 1)];
    await haveBegun(userId, 2);
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
    const { userId, userKey } = await platform.newUser({ plan: "pro" });
    const cut = [beginUpload(userKey, 0), beginUpload(userKey, 0)];
    await haveBegun(userId, 2);
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

    const revoke = () => rawCall(platform, `/api/keys/${id}`, { headers: auth, method: "DELETE" });
    await expectRefusedEverywhere(revoke, (gateway) => models(key, gateway));
  });
});

describe("what is ended counts no more, at every gateway, within 100 ms of the answer:", () => {
  const signIn = (email?: string) =>
    signInAsDemo(getGlobalDispatcher(), platform.gatewayUrl, platform.demo.password ?? "", email);
  const send = (headers: Record<string, string>, method: "POST" | "PATCH" | "DELETE", path: string, content?: object) =>
    rawCall(platform, path, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });

  test("a session", async () => {
    const headers = await signIn();
    const signOut = () => send(headers, "POST", "/api/auth/sign-out");
    await expectRefusedEverywhere(signOut, (gateway) => rawCall(platform, "/api/keys", { headers, gateway }));
  });

  test("all sessions of a person", async () => {
    const [here, there] = [await signIn(), await signIn()];
    const signOut = () => send(here, "POST", "/api/auth/sign-out-everywhere");
    await expectRefusedEverywhere(signOut, (gateway) => rawCall(platform, "/api/keys", { headers: there, gateway }));
  });

  test("a seat, for the keys of who had it", async () => {
    const { orgId, teamsMemberKey: key } = platform.demo;
    const owner = await signIn("demo-owner@topdog.example");
    const listed = await rawCall(platform, "/api/keys", { headers: bearer(key) });
    const { items } = listed.json as { items: { userId: string }[] };
    const seat = (active: boolean) =>
      send(owner, "PATCH", `/api/orgs/${orgId}/members/${items[0]?.userId}`, { active });
    await expectRefusedEverywhere(
      () => seat(false),
      (gateway) => models(key, gateway),
    );
    expect((await seat(true)).status).toBe(200);
  });

  test("a provider credential, for the calls of who brought it", async () => {
    const headers = await signIn();
    const added = await send(headers, "POST", "/api/byok", { provider: "sandbox", key: "sk-of-the-fleet-0123456789" });
    const { id } = added.json as { id: string };
    const key = platform.demo.userKey;
    const isServedBy = async (whose: string | undefined, gateway: number) => {
      const { status, headers: said } = await chat(key, gateway);
      return status === 200 && said["x-topdog-credential"] === whose;
    };
    for (const gateway of [0, 1])
      await until(
        "their own credential serves",
        () => isServedBy("user", gateway),
        (isOwn) => isOwn,
      );
    const revoke = () => send(headers, "DELETE", `/api/byok/${id}`, { reason: "test" });
    await expectEndedEverywhere(revoke, (gateway) => isServedBy(undefined, gateway));
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
      goOn: untilRefused(8, 40),
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

/** The API-call limit that the gateway shows on a call that takes nothing else. */
async function shownLimit(key: string, gateway: number): Promise<string> {
  return String(
    (await rawCall(platform, "/v1/responses/none", { headers: bearer(key), gateway })).headers[
      "x-ratelimit-limit-requests"
    ],
  );
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

const endsWithinMs = 100;

/**
 * Asks every gateway all the time, from before the ending on: each sees it no later than `endsWithinMs` after it was answered. On a busy machine
 * one slowest answer may hold back the next question, and the news, which goes through the same processes and the database, may be held up
 * as long as an answer or the ending itself is.
 */
async function expectEndedEverywhere(
  end: () => Promise<{ status: number }>,
  hasEnded: (gateway: number) => Promise<boolean>,
): Promise<void> {
  for (const gateway of [0, 1]) expect(await hasEnded(gateway)).toBe(false);
  const seeing = [0, 1].map((gateway) =>
    firstSight(
      () => hasEnded(gateway),
      (ended) => ended,
    ),
  );
  const beganMs = performance.now();
  expect((await end()).status).toBeLessThan(300);
  const answeredMs = performance.now();
  const seen = await Promise.all(seeing);
  const lateMs = Math.max(...seen.map(({ askedMs }) => askedMs - answeredMs));
  const slowestMs = Math.max(...seen.map((one) => one.slowestMs));
  const heldUpMs = slowestMs + Math.max(slowestMs, answeredMs - beganMs);
  expect(lateMs).toBeLessThan(endsWithinMs + heldUpMs);
}

const expectRefusedEverywhere = (
  end: () => Promise<{ status: number }>,
  ask: (gateway: number) => Promise<{ status: number }>,
) => expectEndedEverywhere(end, async (gateway) => [401, 403].includes((await ask(gateway)).status));
