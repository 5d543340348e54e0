import { nameSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import type { DeadLetter } from "@topdog/messaging/dead-letters";
import { z } from "zod";
import { type DeadLetterDeps, dropDeadLetter, replayDeadLetter } from "../usecases/handle-dead-letters.ts";
import { pageOf } from "../domain/page.ts";
import { pageQueryOf, pageSchemaOf, toApiPage } from "./schemas.ts";

const path = "/api/operator/dead-letters";
const forOperators = { tags: ["Operator"], auth: "session", requires: ["operator"] } as const;
/** Letters of a consumer that there was once are handled too. */
const durable = z.string().regex(/^[a-z0-9-]{1,100}$/);
const letterPath = `${path}/:durable/:seq`;
const letterParams = z.object({ durable, seq: z.coerce.number().int().min(1) });
/** An event may have 512 KiB: a page of them would be a download. */
const maxShownPayload = 4_096;

const letterSchema = z.object({
  durable: z.string().describe("The consumer that gave it up"),
  seq: z.int(),
  eventId: z.string(),
  subject: z.string(),
  reason: z.string().describe("What the consumer failed with"),
  deliveries: z.int(),
  at: z.iso.datetime(),
  payload: z.string().describe("The event's JSON text, or its beginning"),
});

const toApiLetter = ({ payload, ...letter }: DeadLetter): z.input<typeof letterSchema> => ({
  ...letter,
  payload: payload.slice(0, maxShownPayload),
});

export const listDeadLettersRoute = ({ deadLetters }: DeadLetterDeps) =>
  defineRoute({
    ...forOperators,
    method: "get",
    path,
    summary: "List events that a consumer gave up on, the oldest first",
    query: pageQueryOf(z.int().min(1)).extend({ durable: durable.optional().describe("Only this consumer's") }),
    responses: { 200: pageSchemaOf(letterSchema) },
    errors: [],
    handler: async ({ query }) => {
      const letters = await deadLetters.list(query.durable, query.cursor ?? 0, query.limit + 1);
      const page = pageOf(letters, query.limit, ({ seq }) => seq);
      return { status: 200 as const, body: toApiPage(page, toApiLetter) };
    },
  });

export const replayDeadLetterRoute = (deps: DeadLetterDeps) =>
  defineRoute({
    ...forOperators,
    method: "post",
    path: `${letterPath}/replay`,
    summary: "Have its consumer handle a dead letter once more; it is gone when that succeeds",
    params: letterParams,
    responses: { 200: z.object({ outcome: z.enum(["handled", "duplicate"]) }) },
    errors: ["not_found", "conflict", "temporary_reduced_capacity"],
    handler: async ({ caller, params }) => ({
      status: 200 as const,
      body: { outcome: await replayDeadLetter(deps, caller, params) },
    }),
  });

export const dropDeadLetterRoute = (deps: DeadLetterDeps) =>
  defineRoute({
    ...forOperators,
    method: "delete",
    path: letterPath,
    summary: "Remove a dead letter for good",
    params: letterParams,
    body: z.object({ reason: nameSchema.describe("Why: one line, for the audit log") }),
    responses: { 204: z.undefined() },
    errors: ["not_found"],
    handler: async ({ caller, params, body }) => {
      await dropDeadLetter(deps, caller, params, body.reason);
      return { status: 204 as const, body: undefined };
    },
  });
