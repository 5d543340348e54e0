import { readdirSync } from "node:fs";
import { Secret } from "@topdog/config/secret";
import { expect, test } from "@jest/globals";
import { dialectIds } from "@topdog/dialects/dialect";
import { createOpenAiProvider } from "../src/clients/providers/openai/provider.ts";
import { describeProvider } from "./provider-conformance.ts";

const options = { maxConnections: 8, connectTimeoutMs: 1000 };

describeProvider("openai", {
  connect: (url) => createOpenAiProvider({ ...options, baseUrl: `${url}/v1`, dialects: dialectIds }),
  credential: Secret.of("sk-of-this-call"),
  credentialHeader: ["authorization", "Bearer sk-of-this-call"],
});

test("every provider's folder has the same files", () => {
  const folder = new URL("../src/clients/providers/", import.meta.url);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of names) {
    const files = readdirSync(new URL(`${name}/`, folder));
    expect({ provider: name, files }).toEqual({
      provider: name,
      files: expect.arrayContaining(["provider.ts", "refusal.ts"]),
    });
  }
});
