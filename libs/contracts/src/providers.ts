/**
 * Companies whose APIs routers know, and what the names of their configuration begin with: `OPENAI` of `OPENAI_API_KEY`. The same
 * ids name upstreams, and the providers that callers' credentials are for.
 */
export const providerPrefixes = {
  openai: "OPENAI",
  anthropic: "ANTHROPIC",
  google: "GOOGLE",
  bedrock: "BEDROCK",
  "azure-openai": "AZURE_OPENAI",
  mistral: "MISTRAL",
  groq: "GROQ",
  deepseek: "DEEPSEEK",
  openrouter: "OPENROUTER",
  together: "TOGETHER",
} as const;

export type ProviderId = keyof typeof providerPrefixes;

/** The variable that holds the platform's key of a provider, which switches it on. */
export const providerKeyNames: readonly string[] = Object.values(providerPrefixes).map((prefix) => `${prefix}_API_KEY`);

/** What configures a provider, its key included. */
export const isProviderVariable = (name: string): boolean =>
  Object.values(providerPrefixes).some((prefix) => name.startsWith(`${prefix}_`));
