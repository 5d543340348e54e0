import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Endpoint, endpointsUnder, linesIn, linesOf, nameOf } from "@topdog/testing/access-walk";
import { request } from "undici";
import { arrangeCallers, type Callers, storer } from "../support/access-setting.ts";
import { startPlatform, type Platform } from "../support/platform.ts";
import { rawCall } from "../support/raw-call.ts";

const table = new URL("access-table.txt", import.meta.url);
const openApi = new URL("../../docs/openapi.json", import.meta.url);
/** What no service's own table has: what the gateway answers itself, what routers do, and what is for operators. */
const documented = ["/v1", "/api/events", "/api/status", "/api/operator", "/api/billing/admin"];
/** Of the operations port: on the public one for the operator's token. */
const operations: readonly Endpoint[] = [
  { method: "GET", path: "/metrics" },
  { method: "GET", path: "/consistency/sli" },
  { method: "POST", path: "/consistency/sli" },
  { method: "GET", path: "/docs/asyncapi.json" },
  { method: "GET", path: "/docs/openapi.json" },
  { method: "GET", path: "/health" },
];

const call = { model: "sandbox-small", messages: [{ role: "user", content: "hi" }] };
/** A right body for each endpoint that takes one, so that what decides is who calls. */
const bodies: Readonly<Record<string, object>> = {
  "POST /v1/chat/completions": call,
  "POST /v1/messages": { ...call, max_tokens: 9 },
  "POST /v1/messages/count_tokens": call,
  "POST /v1/responses": { model: "sandbox-small", input: "hi" },
  "POST /v1/embeddings": { model: "sandbox-embedding", input: "hi" },
  "POST /consistency/sli": { score: 1 },
  "DELETE /api/operator/dead-letters/{durable}/{seq}": { reason: "of the walk" },
};
const params = { model: "sandbox-small", durable: "quota-on-usage-consumed", seq: "1" } as const;
const changing = /^(?:date|ratelimit|x-ratelimit-re(?:maining|set)-.*)$/;
/** Nobody's, as long as another. */
const absentLike = (response: string): string => `resp_${"0".repeat(response.length - 5)}`;

let platform: Platform;
let callers: Callers;
let endpoints: Endpoint[];
beforeAll(async () => {
  platform = await startPlatform({ fastProviders: true, settings: { gateway: { BAD_KEYS_PER_MINUTE: "10000" } } });
  callers = await arrangeCallers(platform);
  endpoints = [...endpointsUnder(await readFile(openApi, "utf8"), documented), ...operations];
}, 180_000);
afterAll(() => platform.stop());

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

async function ask({ method, path }: Endpoint, who: string, response: string): Promise<Seen> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ({ ...params, response })[name] ?? "");
  const body = bodies[nameOf({ method, path })];
  const answer = await request(platform.gatewayUrl + filled, {
    method: method as "GET",
    headers: { ...callers[who], ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Live figures end with the session: their head answers.
  const isEndless = String(answer.headers["content-type"]).startsWith("text/event-stream");
  if (isEndless) answer.body.destroy();
  return { status: answer.statusCode, headers: answer.headers, text: isEndless ? "" : await answer.body.text() };
}

const outcomeOf = ({ status, text }: Seen): string => {
  if (status < 400) return String(status);
  const body = JSON.parse(text) as { code?: string; error?: { code?: string | null; type?: string } };
  return `${status} ${body.code ?? body.error?.code ?? body.error?.type}`;
};

/** A response that only whoever made it may see. */
async function storedResponse(): Promise<string> {
  const answer = await rawCall(platform, "/v1/responses", {
    headers: { ...callers[storer], "content-type": "application/json" },
    body: JSON.stringify({ model: "sandbox-small", input: randomBytes(6).toString("hex"), store: true }),
  });
  expect(answer.status).toBe(200);
  return (answer.json as { id: string }).id;
}

test("every endpoint that is the gateway's, a router's or an operator's answers everybody as the committed table says", async () => {
  const lines: string[] = [];
  let response = await storedResponse();
  for (const endpoint of endpoints) {
    const got: [who: string, outcome: string][] = [];
    for (const who of Object.keys(callers)) {
      const answer = await ask(endpoint, who, response);
      got.push([who, outcomeOf(answer)]);
      if (endpoint.method === "DELETE" && answer.status < 300) response = await storedResponse();
    }
    lines.push(...linesOf(endpoint, got));
  }
  expect(lines).toEqual(linesIn(await readFile(table, "utf8")));
}, 120_000);

test("a response that another member, org, person or service account stored is as if it did not exist, to the byte", async () => {
  const response = await storedResponse();
  /** All that a caller sees, but for what differs from request to request, and what is left of the day after each. */
  const seen = ({ status, headers, text }: Seen, id: string) => {
    const { "x-request-id": requestId, ...all } = headers;
    const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !changing.test(name)));
    return { status, headers: rest, text: text.replaceAll(String(requestId), "<request>").replaceAll(id, "<id>") };
  };
  const absent = absentLike(response);
  const stored = endpoints.filter(({ path }) => path.includes("{response}"));
  expect(stored.length).toBeGreaterThanOrEqual(4);
  for (const endpoint of stored)
    for (const who of Object.keys(callers)) {
      if (who === storer) continue;
      const foreign = seen(await ask(endpoint, who, response), response);
      expect([nameOf(endpoint), who, foreign]).toEqual([
        nameOf(endpoint),
        who,
        seen(await ask(endpoint, who, absent), absent),
      ]);
      expect(foreign.status).toBeGreaterThanOrEqual(400);
    }
  const kept = await ask({ method: "GET", path: "/v1/responses/{response}" }, storer, response);
  expect(kept.status).toBe(200);
}, 60_000);

test("an answer goes on from a response of one's own alone: another's and one of nobody's are the same refusal, and cost the same", async () => {
  const response = await storedResponse();
  const absent = absentLike(response);
  const continueFrom = async (who: string, id: string): Promise<unknown> => {
    const answer = await rawCall(platform, "/v1/responses", {
      headers: { ...callers[who], "content-type": "application/json" },
      body: JSON.stringify({ model: "sandbox-small", input: "go on", previous_response_id: id }),
    });
    return [answer.status, answer.text.replaceAll(id, "<id>")];
  };
  for (const who of ["owner's key", "service account's key", "other org's key", "a person's own key"])
    expect([who, await continueFrom(who, response)]).toEqual([who, await continueFrom(who, absent)]);
  expect(await continueFrom(storer, response)).toEqual([200, expect.any(String)]);
}, 60_000);
