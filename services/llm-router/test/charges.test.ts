import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { isGivenBack } from "@topdog/contracts/events/usage-consumed";
import { chatEvents, type FakeReply } from "@topdog/testing/fake-upstream";
import { chatBody, type CallOptions } from "./router-rig.ts";
import { askedOf, healthy, useRouters } from "./router-setting.ts";

const { upstream, router } = useRouters();

interface Row {
  /** As docs/charges.md names it. */
  readonly name: string;
  readonly reply?: FakeReply;
  readonly body?: object | string;
  readonly options?: CallOptions;
  /** The caller goes as soon as the provider has the call. */
  readonly leaves?: "when_asked";
  readonly charged: "api_calls, llm_requests" | "api_calls" | "none";
  /** Whoever has gone reads no head. */
  readonly isTold?: false;
}

const stream = chatBody({ stream: true });
const all = "api_calls, llm_requests";
const rows: readonly Row[] = [
  { name: "A whole answer", charged: all },
  { name: "A whole stream", body: stream, charged: all },
  {
    name: "A stream that the provider broke off after content",
    reply: { events: chatEvents(["one", "two"]).slice(0, 2), cut: "at_end" },
    body: stream,
    charged: all,
  },
  {
    name: "The client went after it had got content",
    body: stream,
    reply: { events: chatEvents(["one"]), hang: true },
    options: { abortAfterBytes: 1 },
    charged: all,
    isTold: false,
  },
  {
    name: "The client went before anything was produced",
    body: stream,
    reply: { hang: true },
    leaves: "when_asked",
    charged: "api_calls",
    isTold: false,
  },
  { name: "A body that is malformed", body: "{", charged: "api_calls" },
  { name: "A model that does not exist", body: chatBody({ model: "nope" }), charged: "api_calls" },
  { name: "A model that the key may not call", options: { models: ["other"] }, charged: "api_calls" },
  {
    name: "The provider refused the request as invalid",
    reply: { status: 400, body: { error: { message: "no", type: "invalid_request_error", code: null } } },
    charged: "api_calls",
  },
  { name: "Every provider failed", reply: { status: 500, body: {} }, charged: "none" },
  { name: "The provider refused our credential", reply: { status: 401, body: {} }, charged: "none" },
  { name: "No provider answered in time", reply: { hang: true }, options: { deadlineInMs: 200 }, charged: "none" },
];

describe("what a call costs", () => {
  test.each(rows)("$name: $charged", async ({ reply, body = chatBody(), options, leaves, charged, isTold = true }) => {
    const fake = await upstream(reply === undefined ? healthy : () => reply);
    const rig = await router([fake]);
    const answer = await rig.call(body, leaves === undefined ? options : { leaveAfter: askedOf(fake, 1) });
    const usage = await rig.usage(answer.seq);
    const kept = usage.charges.filter(({ meter }) => !isGivenBack(usage, meter)).map(({ meter }) => meter);
    expect(kept.join(", ") || "none").toBe(charged);
    if (isTold) expect(answer.headers["x-topdog-charged"]).toBe(charged);
  });

  test("The list of models and one of them: none, and there is no usage of it", async () => {
    const rig = await router([await upstream(healthy)]);
    for (const path of ["/v1/models", "/v1/models/sandbox-small", "/v1/models/nope"]) {
      expect((await rig.get(path, { isFree: true })).headers["x-topdog-charged"]).toBe("none");
    }
    const last = await rig.call(chatBody());
    await rig.usage(last.seq);
    expect((await rig.usages()).map(({ endpoint }) => endpoint)).toEqual(["chat.completions"]);
  });

  test("every row of this table stands in docs/charges.md, with what it costs", () => {
    const page = readFileSync(new URL("../../../docs/charges.md", import.meta.url), "utf8");
    for (const { name, charged } of rows) expect(page).toContain(`| ${name} | \`${charged}\` |`);
  });
});
