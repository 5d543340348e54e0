import { countTokensOperation, readCountRequest } from "@topdog/dialects/count-tokens";
import { countPromptTokens } from "@topdog/dialects/prompt-tokens";
import { providerlessUsage } from "../domain/usage-record.ts";
import { type Call, type CallDeps, requireAllowed } from "./call.ts";
import { rejectCall } from "./complete-call.ts";

/** About how long a prompt is. No provider is asked. Throws AppError for what no message could be asked with. */
export async function countTokens(
  deps: Pick<CallDeps, "catalog" | "spool" | "nowMs">,
  call: Call,
  body: Buffer,
): Promise<number> {
  let tokens: number;
  let model: string;
  try {
    const read = readCountRequest(body);
    ({ model } = read);
    requireAllowed(deps.catalog, call, model);
    deps.catalog.find(model);
    tokens = countPromptTokens(read.conversation);
  } catch (error) {
    return rejectCall(deps, countTokensOperation, call, error);
  }
  const usage = providerlessUsage(
    call.origin,
    { endpoint: countTokensOperation.endpoint, outcome: "ok", model },
    deps.nowMs(),
  );
  if (await deps.spool.record(usage)) call.answer.recorded(usage);
  return tokens;
}
