import type { ModelAbility } from "@topdog/dialects/models";
import type { Model } from "./models.ts";

const everything: readonly ModelAbility[] = ["tools", "images", "documents", "json_schema", "reasoning"];
const withoutReasoning: readonly ModelAbility[] = ["tools", "images", "documents", "json_schema"];

/** By family, from the providers' own pages. A family that is not listed: nobody has said. */
const byFamily: Readonly<Record<string, readonly ModelAbility[]>> = {
  sandbox: ["tools", "json_schema", "reasoning"],
  "gpt-5": everything,
  "gpt-4.1": withoutReasoning,
  "gpt-4o": withoutReasoning,
  "claude-opus": everything,
  "claude-sonnet": everything,
  "claude-haiku": everything,
  "gemini-pro": everything,
  "gemini-flash": everything,
  "gemini-flash-lite": everything,
};

export const abilitiesOf = ({ family, kind }: Pick<Model, "family" | "kind">): readonly ModelAbility[] | null =>
  kind === "embeddings" ? ["embeddings"] : (byFamily[family] ?? null);
