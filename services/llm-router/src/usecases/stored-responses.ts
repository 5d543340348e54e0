import type { Operation } from "@topdog/dialects/operation";
import {
  deletedBody,
  inputItemsPage,
  isStoredId,
  responseOfRecord,
  storedResponseOperations as operations,
} from "@topdog/dialects/stored-responses";
import { AppError } from "@topdog/errors/app-error";
import type { KeptAnswers } from "../domain/kept-answers.ts";
import { providerlessUsage } from "../domain/usage-record.ts";
import { type AnswerDeps, isUnreadable, unreadable } from "./answer-deps.ts";
import type { Call } from "./call.ts";
import { rejectCall } from "./complete-call.ts";
import { responsePlace } from "./store-response.ts";

type Act = (deps: AnswerDeps, kept: KeptAnswers, call: Call, asked: Asked) => Promise<Buffer>;

interface Asked {
  readonly id: string;
  readonly query: URLSearchParams;
}

const json = (body: object): Buffer => Buffer.from(JSON.stringify(body));
const notStored = (id: string): AppError =>
  new AppError("not_found", { detail: `The response '${id}' is not stored here, or no longer.` });

async function recordOf(deps: AnswerDeps, kept: KeptAnswers, call: Call, id: string): Promise<Buffer> {
  const found = await kept.find(responsePlace(call, id)).catch(isUnreadable(deps));
  if (found === null) throw notStored(id);
  return found.content;
}

const retrieve: Act = async (deps, kept, call, { id, query }) => {
  if (query.get("stream") === "true") {
    const detail = "A stored response is read whole: only one that is made in the background could be streamed again.";
    throw new AppError("invalid_request", { detail, param: "stream" });
  }
  return responseOfRecord(await recordOf(deps, kept, call, id));
};
const remove: Act = async (deps, kept, call, { id }) => {
  if (!(await kept.remove(responsePlace(call, id)).catch(isUnreadable(deps)))) throw notStored(id);
  return json(deletedBody(id));
};
const cancel: Act = async (deps, kept, call, { id }) => {
  await recordOf(deps, kept, call, id);
  throw new AppError("invalid_request", { detail: "Only a response that is made in the background can be cancelled." });
};
const inputItems: Act = async (deps, kept, call, { id, query }) =>
  json(inputItemsPage(await recordOf(deps, kept, call, id), id, query));

export const storedResponseActs: readonly (readonly [Operation, Act])[] = [
  [operations.retrieve, retrieve],
  [operations.delete, remove],
  [operations.cancel, cancel],
  [operations.inputItems, inputItems],
];

const idPlace = 3;

function askedIn(path: string): Asked {
  const { pathname, searchParams } = new URL(path, "http://router");
  const id = pathname.split("/")[idPlace] ?? "";
  if (!isStoredId(id)) throw notStored(id.slice(0, 100));
  return { id, query: searchParams };
}

/** What is asked of a stored response; the call is recorded before it is answered. Throws AppError. */
export async function askStored(
  deps: AnswerDeps,
  operation: Operation,
  act: Act,
  call: Call,
  path: string,
): Promise<Buffer> {
  let body: Buffer;
  try {
    if (deps.kept === null) throw unreadable();
    body = await act(deps, deps.kept, call, askedIn(path));
  } catch (error) {
    return rejectCall(deps, operation, call, error);
  }
  const result = { endpoint: operation.endpoint, outcome: "ok", model: null } as const;
  const usage = providerlessUsage(call.origin, result, deps.nowMs());
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
  return body;
}
