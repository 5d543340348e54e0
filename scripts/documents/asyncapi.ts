import type { AnyEvent, AnyRpc, AnySignal } from "@topdog/contracts/event";
import type { DurableDeclaration, StreamDeclaration } from "@topdog/contracts/topology";
import { z } from "zod";
import type { Definitions } from "./definitions.ts";

type Json = Record<string, unknown>;

/** `topdog.usage.consumed.v1` → `usage.consumed.v1`: the id of its channel, message and operations. */
const idOf = (subject: string): string => subject.replace(/^topdog\./, "");
const channelRef = (id: string): Json => ({ $ref: `#/channels/${id}` });
const messageRef = (channel: string, message: string): Json => ({ $ref: `#/channels/${channel}/messages/${message}` });

/** As an input: a reader must accept fields that it does not know yet. */
const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return rest;
};

const cloudEventHeaders: Json = {
  type: "object",
  required: ["ce-id", "ce-type", "ce-source", "ce-specversion", "ce-time", "Nats-Msg-Id"],
  properties: {
    "ce-id": { type: "string", description: "The event's id; equals Nats-Msg-Id" },
    "ce-type": { type: "string", description: "The subject" },
    "ce-source": { type: "string", description: "The service that says so" },
    "ce-specversion": { const: "1.0" },
    "ce-time": { type: "string", format: "date-time" },
    "Nats-Msg-Id": { type: "string", description: "JetStream stores one message per id within the duplicate window" },
    traceparent: { type: "string", description: "W3C trace context" },
  },
};

const batchHeaders: Json = {
  type: "object",
  required: ["content-type", "Nats-Msg-Id"],
  properties: {
    "content-type": { const: "application/cloudevents-batch+json" },
    "Nats-Msg-Id": { type: "string", description: "The batch's id: the same on every retry of it" },
  },
};

function exampleOf(event: AnyEvent | AnySignal): unknown {
  const parsed = event.schema.safeParse(event.example);
  if (!parsed.success)
    throw new Error(`the example of ${event.subject} breaks its own schema: ${parsed.error.message}`);
  return event.example;
}

const messageOf = (event: AnyEvent | AnySignal, headers: Json | null): Json => ({
  name: event.subject,
  title: event.summary,
  contentType: "application/json",
  ...(headers === null ? {} : { headers }),
  payload: schemaOf(event.schema),
  examples: [{ payload: exampleOf(event) }],
});

/** In batch form the attributes stand beside each payload, and the message has an id of its own. */
function batchMessageOf(event: AnyEvent): Json {
  const attributes = ["id", "type", "source", "specversion", "time"];
  const cloudEvent: Json = {
    type: "object",
    required: [...attributes, "data"],
    properties: {
      id: { type: "string", description: "The event's id: the same however often and in whatever batch it comes" },
      type: { const: event.subject },
      source: { type: "string", description: "The service that says so" },
      specversion: { const: "1.0" },
      time: { type: "string", format: "date-time" },
      datacontenttype: { const: "application/json" },
      traceparent: { type: "string", description: "W3C trace context" },
      data: schemaOf(event.schema),
    },
  };
  const example = {
    specversion: "1.0",
    type: event.subject,
    source: `/topdog/${event.publishers[0]}`,
    datacontenttype: "application/json",
    id: "17:4",
    time: "2026-11-22T10:00:01.250Z",
    data: exampleOf(event),
  };
  return {
    name: `${event.subject}.batch`,
    title: `${event.summary}: many in one message, each with its own id`,
    contentType: "application/cloudevents-batch+json",
    headers: { $ref: "#/components/schemas/batchHeaders" },
    payload: { type: "array", maxItems: 4096, items: cloudEvent },
    examples: [{ payload: [example] }],
  };
}

const heardBy = (services: readonly string[]): string =>
  services.length === 0 ? "" : `, broadcast to ${services.join(", ")}`;

interface Parts {
  readonly channels: Json;
  readonly operations: Json;
}

function describeEvent(
  event: AnyEvent,
  streams: readonly StreamDeclaration[],
  durables: readonly DurableDeclaration[],
): Parts {
  const id = idOf(event.subject);
  const stream = streams.find((one) => one.subjects.includes(event.subject));
  if (stream === undefined) throw new Error(`${event.subject} is in no stream: it would be published to nobody`);
  const messages = {
    event: messageOf(event, { $ref: "#/components/schemas/cloudEventHeaders" }),
    ...(event.inBatches === true ? { batch: batchMessageOf(event) } : {}),
  };
  const sent = event.inBatches === true ? "batch" : "event";
  const readers = durables.filter((durable) => durable.subject === event.subject);
  const received = readers.map((durable) => [
    durable.name,
    {
      action: "receive",
      channel: channelRef(id),
      messages: Object.keys(messages).map((name) => messageRef(id, name)),
      "x-durable": {
        ackWaitMs: durable.ackWaitMs,
        maxDeliveries: durable.maxDeliveries,
        maxAckPending: durable.maxAckPending,
      },
    },
  ]);
  return {
    channels: {
      [id]: {
        address: event.subject,
        description: `${event.summary}. A fact, at least once.`,
        messages,
        "x-stream": stream.name,
      },
    },
    operations: {
      [`publish.${id}`]: {
        action: "send",
        summary: `By ${event.publishers.join(" or ")}${heardBy(event.listeners)}`,
        channel: channelRef(id),
        messages: [messageRef(id, sent)],
      },
      ...(Object.fromEntries(received) as Json),
    },
  };
}

function describeSignal(signal: AnySignal): Parts {
  const id = idOf(signal.subject);
  return {
    channels: {
      [id]: {
        address: signal.subject,
        description: `${signal.summary}. Advice, at most once, to whoever listens.`,
        messages: { signal: messageOf(signal, null) },
      },
    },
    operations: {
      [`send.${id}`]: {
        action: "send",
        summary: `By ${signal.owner}${heardBy(signal.listeners)}`,
        channel: channelRef(id),
        messages: [messageRef(id, "signal")],
      },
    },
  };
}

function describeRpc(rpc: AnyRpc): Parts {
  const id = idOf(rpc.subject);
  const message = (title: string, schema: z.ZodType): Json => ({
    title,
    contentType: "application/json",
    payload: schemaOf(schema),
  });
  return {
    channels: {
      [id]: {
        address: rpc.subject,
        description: `${rpc.summary}. A question, answered by one instance of ${rpc.owner}.`,
        messages: { request: message("The question", rpc.request) },
      },
      [`${id}.reply`]: { address: null, messages: { reply: message("The answer", rpc.reply) } },
    },
    operations: {
      [`answer.${id}`]: {
        action: "receive",
        summary: `By ${rpc.owner}, asked by ${rpc.askers.join(", ")}`,
        channel: channelRef(id),
        messages: [messageRef(id, "request")],
        reply: {
          address: { location: "$message.header#/replyTo", description: "The inbox that NATS request-reply makes" },
          channel: channelRef(`${id}.reply`),
          messages: [messageRef(`${id}.reply`, "reply")],
        },
      },
    },
  };
}

/** The AsyncAPI 3.0 document of everything on the bus. */
export function buildAsyncApi(
  { events, signals, rpcs }: Definitions,
  topology: { readonly streams: readonly StreamDeclaration[]; readonly durables: readonly DurableDeclaration[] },
): Json {
  const parts = [
    ...events.map((event) => describeEvent(event, topology.streams, topology.durables)),
    ...signals.map(describeSignal),
    ...rpcs.map(describeRpc),
  ];
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Top Dog, on the bus",
      version: "1.0.0",
      description:
        "Facts (JetStream), advice and questions (core NATS) between the services. Generated from libs/contracts.",
    },
    defaultContentType: "application/json",
    servers: { nats: { host: "nats:4222", protocol: "nats", description: "NATS 2.12 or newer, with JetStream" } },
    channels: Object.assign({}, ...parts.map((part) => part.channels)) as Json,
    operations: Object.assign({}, ...parts.map((part) => part.operations)) as Json,
    components: { schemas: { cloudEventHeaders, batchHeaders } },
    "x-streams": topology.streams.map(({ name, maxAgeMs, maxBytes, duplicateWindowMs }) => ({
      name,
      maxAgeMs,
      maxBytes,
      duplicateWindowMs,
    })),
  };
}
