import type { Secret } from "@topdog/config/secret";
import type { Dialect, DialectId } from "@topdog/dialects/dialect";
import { dialects } from "@topdog/dialects/dialects";
import { ruleOf } from "../domain/failure-table.ts";
import type { Model } from "../domain/models.ts";
import { openOwnCall } from "./own-call.ts";
import type { Provider } from "./providers/provider.ts";

/** The least that can be asked of a model, in words that OpenAI's and Anthropic's dialects share. */
const smallestRequest = ({ id, kind }: Model): Buffer => {
  const asked =
    kind === "embeddings" ? { input: "Hi" } : { max_tokens: 1, messages: [{ role: "user", content: "Hi" }] };
  return Buffer.from(JSON.stringify({ model: id, ...asked }));
};

const probedIn = ({ kind }: Model): DialectId => (kind === "embeddings" ? "openai-embeddings" : "openai-chat");

/**
 * Asks the upstream for one token, at the platform's cost and on nobody's account. Any answer means that it is alive, a
 * refusal too.
 */
export async function probeProvider(
  provider: Provider,
  model: Model,
  credential: Secret | null,
  timeoutMs: number,
): Promise<boolean> {
  const dialect: Dialect | undefined = dialects.find(
    ({ id }) => id === probedIn(model) && provider.dialects.includes(id),
  );
  if (dialect === undefined) throw new Error("a provider speaks no dialect that it can be probed in");
  const { outcome: answered } = openOwnCall(provider, dialect, smallestRequest(model), { credential, timeoutMs });
  const outcome = await answered;
  if (outcome.kind !== "failure") return true;
  const { breaker } = ruleOf(outcome.failure.kind);
  return breaker === "alive" || breaker === "neutral";
}
