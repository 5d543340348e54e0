import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { chatCompletion } from "@topdog/testing/fake-upstream";
import { chatBody } from "./router-rig.ts";
import { healthy, useRouters } from "./router-setting.ts";

const { upstream, router, start } = useRouters();

describe("what a call cost", () => {
  test("stands in a header of a whole answer, in a comment before the end of a stream, and on record", async () => {
    const rig = await router([await upstream(healthy)]);
    const whole = await rig.call(chatBody());
    expect(whole.headers["x-topdog-cost-usd"]).toBe("0.000004950");
    expect(await rig.usage(whole.seq)).toMatchObject({ costNanoUsd: 5 * 150 + 7 * 600 });
    const streamed = await rig.call(chatBody({ stream: true }));
    expect(streamed.text).toMatch(/\n\n: x-topdog-cost-usd: 0\.000004950\n\ndata: \[DONE\]\n\n$/);
  });

  test("counts what the provider read from its cache, and keeps the counts", async () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 900 },
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    const fake = await upstream(() => ({ body: { ...chatCompletion("x"), usage } }));
    const prices = join(mkdtempSync(join(tmpdir(), "topdog-prices-")), "prices.json");
    writeFileSync(prices, JSON.stringify([{ model: "sandbox-small", input: 2, cachedInput: 0.5, output: 10 }]));
    const rig = await router([fake], { MODEL_PRICES_FILE: prices });
    const { seq } = await rig.call(chatBody());
    expect(await rig.usage(seq)).toMatchObject({
      cachedPromptTokens: 900,
      reasoningTokens: 4,
      costNanoUsd: 100 * 2000 + 900 * 500 + 10 * 10_000,
    });
  });

  test("is said to be unknown where no price is known, and is not guessed", async () => {
    const { url } = await upstream(healthy);
    const pool = JSON.stringify([{ id: "own", baseUrl: `${url}/v1`, models: [{ id: "llama" }] }]);
    const rig = await start({ UPSTREAMS: pool });
    const answer = await rig.call(chatBody({ model: "llama" }));
    expect(answer.headers["x-topdog-cost-usd"]).toBe("unknown");
    expect(await rig.usage(answer.seq)).toMatchObject({ costNanoUsd: 0, costUnknown: true });
  });
});
