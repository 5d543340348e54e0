import { expect, test } from "@jest/globals";
import { eventCatalog } from "@topdog/contracts/events/catalog";
import { rpcCatalog } from "@topdog/contracts/rpc/catalog";
import { signalCatalog } from "@topdog/contracts/signals/catalog";
import { durables, streams } from "@topdog/contracts/topology";
import { z } from "zod";
import { buildAsyncApi } from "./asyncapi.ts";
import { readDefinitions } from "./definitions.ts";

test("every event, signal and question that contracts defines is in its catalogue: what a service may do follows from it", async () => {
  const { events, signals, rpcs } = await readDefinitions();
  const subjects = (definitions: readonly { subject: string }[]) =>
    definitions.map(({ subject }) => subject).toSorted();
  expect(subjects(events)).toEqual(subjects(eventCatalog));
  expect(subjects(signals)).toEqual(subjects(signalCatalog));
  expect(subjects(rpcs)).toEqual(subjects(rpcCatalog));
});

test("a subject is topdog.<aggregate>.<past tense>.v<major>", async () => {
  const { events, signals, rpcs } = await readDefinitions();
  for (const { subject } of events) expect(subject).toMatch(/^topdog\.[a-z_]+\.[a-z_]+\.v\d+$/);
  for (const { subject } of signals) expect(subject).toMatch(/^topdog\.signal\.[a-z_.]+\.v\d+$/);
  for (const { subject } of rpcs) expect(subject).toMatch(/^topdog\.rpc\.[a-z_.]+\.v\d+$/);
});

test("every reference in the AsyncAPI document leads to a part of it", async () => {
  const document = buildAsyncApi(await readDefinitions(), { streams, durables });
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) {
    const part = reference.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
    expect([reference, typeof part]).toEqual([reference, "object"]);
  }
});

test("an example that breaks its schema, or an event in no stream, stops the generation", () => {
  const event = {
    subject: "topdog.a.happened.v1",
    summary: "",
    publishers: ["billing"] as const,
    listeners: [],
    schema: z.object({ n: z.int() }),
    example: { n: "1" },
  };
  const stream = { name: "S", subjects: [event.subject], maxAgeMs: 1, maxBytes: 1, duplicateWindowMs: 1 };
  const only = { events: [event], signals: [], rpcs: [] };
  expect(() => buildAsyncApi(only, { streams: [stream], durables: [] })).toThrow(/breaks its own schema/);
  expect(() => buildAsyncApi(only, { streams: [], durables: [] })).toThrow(/in no stream/);
});
