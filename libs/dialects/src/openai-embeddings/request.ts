import type { ModelRequest } from "../dialect.ts";
import { scanJsonObject } from "../json-scanner.ts";
import { flagOf, modelOf, nonEmptyListOf, refuseMembers } from "../request-members.ts";
import { invalid } from "../wire-value.ts";

const quote = 0x22;
const emptyText = '""';

/** Texts or lists of tokens: all of them are charged as the prompt. */
export function readRequest(body: Buffer): ModelRequest {
  const { members } = scanJsonObject(body);
  const model = modelOf(body, members.get("model"));
  const input = members.get("input");
  if (input === undefined || body[input.start] !== quote) nonEmptyListOf(body, input, "input");
  else if (body.toString("latin1", input.start, Math.min(input.end, input.start + 3)) === emptyText)
    throw invalid("input", "'input' must not be empty.");
  if (flagOf(body, members.get("stream"), "stream")) throw invalid("stream", "Embeddings are not streamed.");
  refuseMembers(members, []);
  return { model, streamed: false, body, callerBytes: body.length, wantsUsage: true, newStreamReader };
}

function newStreamReader(): never {
  throw new Error("embeddings are not streamed");
}
