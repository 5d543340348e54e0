import { readdirSync } from "node:fs";
import { providerPrefixes } from "@topdog/contracts/providers";
import { expect, test } from "@jest/globals";
import { dialectIds } from "@topdog/dialects/dialect";
import { createAzureOpenAiProvider } from "../src/clients/providers/azure-openai/provider.ts";
import { builtInProviders } from "../src/clients/providers/built-in.ts";
import { createOpenAiCompatibleProvider } from "../src/clients/providers/openai-compatible/provider.ts";
import { readRefusal } from "../src/clients/providers/openai-compatible/refusal.ts";
import { describeProvider } from "./provider-conformance.ts";

const options = { maxConnections: 8, connectTimeoutMs: 1000, mayConnectTo: () => true };
const bearer = (secret: string) => ["authorization", `Bearer ${secret}`] as const;
const otherHeaders: Readonly<Record<string, (secret: string) => readonly [string, string]>> = {
  anthropic: (secret) => ["x-api-key", secret],
  google: (secret) => ["x-goog-api-key", secret],
};

describeProvider("openai-compatible", {
  connect: (url) =>
    createOpenAiCompatibleProvider({ ...options, baseUrl: `${url}/v1` }, { native: dialectIds, readRefusal }),
  credentialHeader: bearer,
});

for (const { id, create } of builtInProviders) {
  describeProvider(id, {
    connect: (url) => create({ ...options, baseUrl: `${url}/v1` }),
    credentialHeader: otherHeaders[id] ?? bearer,
  });
}

describeProvider("azure-openai", {
  connect: (baseUrl) =>
    createAzureOpenAiProvider({ ...options, baseUrl, apiVersion: "2024-10-21", deployments: new Map() }),
  credentialHeader: (secret) => ["api-key", secret],
});

test("every provider's folder has the same files, and is one that contracts name", () => {
  const folder = new URL("../src/clients/providers/", import.meta.url);
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
  expect(names.toSorted()).toEqual([...Object.keys(providerPrefixes), "openai-compatible", "custom"].toSorted());
  for (const name of names) {
    const files = readdirSync(new URL(`${name}/`, folder));
    expect({ provider: name, files }).toEqual({
      provider: name,
      files: expect.arrayContaining(["provider.ts", "refusal.ts"]),
    });
  }
});
