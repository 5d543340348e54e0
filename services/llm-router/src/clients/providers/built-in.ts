import { anthropic } from "./anthropic/provider.ts";
import { bedrock } from "./bedrock/provider.ts";
import { deepseek } from "./deepseek/provider.ts";
import { google } from "./google/provider.ts";
import { groq } from "./groq/provider.ts";
import { mistral } from "./mistral/provider.ts";
import { openai } from "./openai/provider.ts";
import { openrouter } from "./openrouter/provider.ts";
import type { BuiltInProvider } from "./built-in-provider.ts";
import { together } from "./together/provider.ts";

/** Switched on by one key each; callers may bring their own for all of them. */
export const builtInProviders: readonly BuiltInProvider[] = [
  openai,
  anthropic,
  google,
  bedrock,
  mistral,
  groq,
  deepseek,
  openrouter,
  together,
];
