import { expect, test } from "@jest/globals";
import { readServerEvents } from "./server-events.ts";

/** An answer whose bytes come in pieces of this size. */
function inPieces(text: string, size: number): Response {
  const bytes = new TextEncoder().encode(text);
  return new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    }),
  );
}

test.each([1, 3, 7, 1_000])("events are whole however they are cut, %i bytes at a time", async (size) => {
  const text =
    'retry: 2000\n\nevent: ready\ndata: {"orgId":null}\n\n: alive\n\ndata: {"text":"é"}\n\nevent: end\ndata: a\ndata: b\n\nevent: cut';
  const events: unknown[] = [];
  for await (const event of readServerEvents(inPieces(text, size))) events.push(event);
  expect(events).toEqual([
    null,
    { name: "ready", data: '{"orgId":null}' },
    null,
    { name: "message", data: '{"text":"é"}' },
    { name: "end", data: "a\nb" },
  ]);
});
