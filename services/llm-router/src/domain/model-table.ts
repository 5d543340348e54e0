import type { Model, PicoUsdPerToken } from "./models.ts";

/** When the prices below were last read from the list that models.dev keeps of the providers' own pages. */
export const pricesAsOf = "2026-07-02";

/** US dollars per million tokens, as providers state them. Null: no price of its own, so the input's. */
type Dollars = readonly [input: number, cachedInput: number | null, cacheWrite: number | null, output: number];
type Row = readonly [
  id: string,
  family: string,
  released: string,
  dollars: Dollars,
  contextTokens: number,
  maxOutputTokens: number,
  /** What a prompt of more tokens than that costs altogether. */
  long?: readonly [beyondPromptTokens: number, dollars: Dollars],
];

const picoUsdPerDollarPerMillion = 1_000_000;
const pico = (dollars: number): number => Math.round(dollars * picoUsdPerDollarPerMillion);

/** Whoever has a price for writing to its cache takes twice the input's for what it keeps for an hour (Anthropic's price list). */
const hourWriteFactor = 2;

export const priceOf = (
  [input, cachedInput, cacheWrite, output]: Dollars,
  hourCacheWrite = cacheWrite === null ? input : input * hourWriteFactor,
): PicoUsdPerToken => ({
  input: pico(input),
  cachedInput: pico(cachedInput ?? input),
  cacheWrite: pico(cacheWrite ?? input),
  hourCacheWrite: pico(hourCacheWrite),
  output: pico(output),
});

function modelOf(ownedBy: string, [id, family, released, dollars, contextTokens, maxOutputTokens, long]: Row): Model {
  return {
    id,
    family,
    ownedBy,
    created: Date.parse(`${released}T00:00:00Z`) / 1000,
    contextTokens,
    maxOutputTokens,
    price: {
      usual: priceOf(dollars),
      long: long === undefined ? null : { beyondPromptTokens: long[0], price: priceOf(long[1]) },
    },
  };
}

const models = (ownedBy: string, rows: readonly Row[]): readonly Model[] => rows.map((row) => modelOf(ownedBy, row));

/** By provider: what each of them serves. */
export const modelTable = {
  sandbox: models("topdog-sandbox", [
    ["sandbox-small", "sandbox", "2023-11-14", [0.15, null, null, 0.6], 128_000, 16_384],
    ["sandbox-large", "sandbox", "2023-11-14", [2.5, null, null, 10], 128_000, 16_384],
  ]),

  openai: models("openai", [
    ["gpt-5.5", "gpt-5", "2026-04-23", [5, 0.5, null, 30], 1_050_000, 128_000, [272_000, [10, 1, null, 45]]],
    ["gpt-5.4", "gpt-5", "2026-03-05", [2.5, 0.25, null, 15], 1_050_000, 128_000, [272_000, [5, 0.5, null, 22.5]]],
    ["gpt-5.4-mini", "gpt-5", "2026-03-17", [0.75, 0.075, null, 4.5], 400_000, 128_000],
    ["gpt-5.4-nano", "gpt-5", "2026-03-17", [0.2, 0.02, null, 1.25], 400_000, 128_000],
    ["gpt-5.2", "gpt-5", "2025-12-11", [1.75, 0.175, null, 14], 400_000, 128_000],
    ["gpt-5.1", "gpt-5", "2025-11-13", [1.25, 0.125, null, 10], 400_000, 128_000],
    ["gpt-5", "gpt-5", "2025-08-07", [1.25, 0.125, null, 10], 400_000, 128_000],
    ["gpt-5-mini", "gpt-5", "2025-08-07", [0.25, 0.025, null, 2], 400_000, 128_000],
    ["gpt-5-nano", "gpt-5", "2025-08-07", [0.05, 0.005, null, 0.4], 400_000, 128_000],
    ["gpt-4.1", "gpt-4.1", "2025-04-14", [2, 0.5, null, 8], 1_047_576, 32_768],
    ["gpt-4.1-mini", "gpt-4.1", "2025-04-14", [0.4, 0.1, null, 1.6], 1_047_576, 32_768],
    ["gpt-4.1-nano", "gpt-4.1", "2025-04-14", [0.1, 0.025, null, 0.4], 1_047_576, 32_768],
    ["gpt-4o", "gpt-4o", "2024-05-13", [2.5, 1.25, null, 10], 128_000, 16_384],
    ["gpt-4o-mini", "gpt-4o", "2024-07-18", [0.15, 0.075, null, 0.6], 128_000, 16_384],
    ["o3", "o-series", "2025-04-16", [2, 0.5, null, 8], 200_000, 100_000],
    ["o3-mini", "o-series", "2024-12-20", [1.1, 0.55, null, 4.4], 200_000, 100_000],
    ["o4-mini", "o-series", "2025-04-16", [1.1, 0.275, null, 4.4], 200_000, 100_000],
  ]),

  anthropic: models("anthropic", [
    ["claude-opus-4-8", "claude-opus", "2026-05-28", [5, 0.5, 6.25, 25], 1_000_000, 128_000],
    ["claude-opus-4-7", "claude-opus", "2026-04-16", [5, 0.5, 6.25, 25], 1_000_000, 128_000],
    ["claude-opus-4-6", "claude-opus", "2026-02-05", [5, 0.5, 6.25, 25], 1_000_000, 128_000],
    ["claude-opus-4-5", "claude-opus", "2025-11-24", [5, 0.5, 6.25, 25], 200_000, 64_000],
    ["claude-opus-4-1", "claude-opus", "2025-08-05", [15, 1.5, 18.75, 75], 200_000, 32_000],
    ["claude-sonnet-5", "claude-sonnet", "2026-06-30", [2, 0.2, 2.5, 10], 1_000_000, 128_000],
    ["claude-sonnet-4-6", "claude-sonnet", "2026-02-17", [3, 0.3, 3.75, 15], 1_000_000, 64_000],
    ["claude-sonnet-4-5", "claude-sonnet", "2025-09-29", [3, 0.3, 3.75, 15], 200_000, 64_000],
    ["claude-haiku-4-5", "claude-haiku", "2025-10-15", [1, 0.1, 1.25, 5], 200_000, 64_000],
  ]),

  google: models("google", [
    ["gemini-3.5-flash", "gemini-flash", "2026-05-19", [1.5, 0.15, null, 9], 1_048_576, 65_536],
    [
      "gemini-3.1-pro-preview",
      "gemini-pro",
      "2026-02-19",
      [2, 0.2, null, 12],
      1_048_576,
      65_536,
      [200_000, [4, 0.4, null, 18]],
    ],
    ["gemini-3.1-flash-lite", "gemini-flash-lite", "2026-05-07", [0.25, 0.025, null, 1.5], 1_048_576, 65_536],
    ["gemini-3-flash-preview", "gemini-flash", "2025-12-17", [0.5, 0.05, null, 3], 1_048_576, 65_536],
    [
      "gemini-2.5-pro",
      "gemini-pro",
      "2025-06-17",
      [1.25, 0.125, null, 10],
      1_048_576,
      65_536,
      [200_000, [2.5, 0.25, null, 15]],
    ],
    ["gemini-2.5-flash", "gemini-flash", "2025-06-17", [0.3, 0.03, null, 2.5], 1_048_576, 65_536],
    ["gemini-2.5-flash-lite", "gemini-flash-lite", "2025-06-17", [0.1, 0.01, null, 0.4], 1_048_576, 65_536],
  ]),

  mistral: models("mistral", [
    ["mistral-large-latest", "mistral-large", "2024-11-01", [0.5, null, null, 1.5], 262_144, 262_144],
    ["mistral-medium-latest", "mistral-medium", "2025-08-12", [0.4, null, null, 2], 262_144, 262_144],
    ["mistral-small-latest", "mistral-small", "2026-03-16", [0.15, null, null, 0.6], 256_000, 256_000],
    ["magistral-medium-latest", "magistral-medium", "2025-03-17", [2, null, null, 5], 128_000, 16_384],
    ["codestral-latest", "codestral", "2024-05-29", [0.3, null, null, 0.9], 256_000, 4_096],
    ["devstral-latest", "devstral", "2025-12-09", [0.4, null, null, 2], 262_144, 262_144],
    ["ministral-8b-latest", "ministral", "2024-10-01", [0.1, null, null, 0.1], 128_000, 128_000],
  ]),

  groq: models("groq", [
    ["llama-3.1-8b-instant", "llama", "2024-07-23", [0.05, null, null, 0.08], 131_072, 131_072],
    ["llama-3.3-70b-versatile", "llama", "2024-12-06", [0.59, null, null, 0.79], 131_072, 32_768],
    ["openai/gpt-oss-120b", "gpt-oss", "2025-08-05", [0.15, 0.075, null, 0.6], 131_072, 65_536],
    ["openai/gpt-oss-20b", "gpt-oss", "2025-08-05", [0.075, 0.0375, null, 0.3], 131_072, 65_536],
    ["qwen/qwen3-32b", "qwen", "2025-06-11", [0.29, null, null, 0.59], 131_072, 40_960],
    ["meta-llama/llama-4-scout-17b-16e-instruct", "llama", "2025-04-05", [0.11, null, null, 0.34], 131_072, 8_192],
  ]),

  deepseek: models("deepseek", [
    ["deepseek-v4-pro", "deepseek-thinking", "2026-04-24", [0.435, 0.003625, null, 0.87], 1_000_000, 384_000],
    ["deepseek-v4-flash", "deepseek-flash", "2026-04-24", [0.14, 0.0028, null, 0.28], 1_000_000, 384_000],
    ["deepseek-chat", "deepseek", "2025-12-01", [0.14, 0.0028, null, 0.28], 1_000_000, 384_000],
    ["deepseek-reasoner", "deepseek-thinking", "2025-12-01", [0.14, 0.0028, null, 0.28], 1_000_000, 384_000],
  ]),

  together: models("together", [
    ["meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama", "2024-12-06", [0.88, null, null, 0.88], 131_072, 131_072],
    ["deepseek-ai/DeepSeek-V4-Pro", "deepseek", "2026-04-24", [1.74, 0.2, null, 3.48], 512_000, 384_000],
    ["moonshotai/Kimi-K2.6", "kimi-k2", "2026-04-21", [1.2, 0.2, null, 4.5], 262_144, 131_000],
    ["zai-org/GLM-5.2", "glm", "2026-06-16", [1.4, 0.26, null, 4.4], 262_144, 164_000],
    ["Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "qwen", "2025-07-23", [2, null, null, 2], 262_144, 262_144],
    ["openai/gpt-oss-120b", "gpt-oss", "2025-08-05", [0.15, null, null, 0.6], 131_072, 131_072],
    ["MiniMaxAI/MiniMax-M3", "minimax", "2026-06-12", [0.3, 0.06, null, 1.2], 524_288, 250_000],
  ]),

  bedrock: models("amazon", [
    ["amazon.nova-2-lite-v1:0", "nova", "2024-12-01", [0.33, null, null, 2.75], 128_000, 4_096],
    ["amazon.nova-pro-v1:0", "nova-pro", "2024-12-03", [0.8, 0.2, null, 3.2], 300_000, 8_192],
    ["amazon.nova-lite-v1:0", "nova-lite", "2024-12-03", [0.06, 0.015, null, 0.24], 300_000, 8_192],
    ["amazon.nova-micro-v1:0", "nova-micro", "2024-12-03", [0.035, 0.00875, null, 0.14], 128_000, 8_192],
    ["global.anthropic.claude-opus-4-8", "claude-opus", "2026-05-28", [5, 0.5, 6.25, 25], 1_000_000, 128_000],
    ["global.anthropic.claude-sonnet-5", "claude-sonnet", "2026-06-30", [2, 0.2, 2.5, 10], 1_000_000, 128_000],
    ["global.anthropic.claude-sonnet-4-6", "claude-sonnet", "2026-02-17", [3, 0.3, 3.75, 15], 1_000_000, 64_000],
    [
      "global.anthropic.claude-haiku-4-5-20251001-v1:0",
      "claude-haiku",
      "2025-10-15",
      [1, 0.1, 1.25, 5],
      200_000,
      64_000,
    ],
    ["meta.llama3-3-70b-instruct-v1:0", "llama", "2024-12-06", [0.72, null, null, 0.72], 128_000, 4_096],
    ["openai.gpt-oss-120b-1:0", "gpt-oss", "2025-08-05", [0.15, null, null, 0.6], 128_000, 16_384],
    ["deepseek.v3.2", "deepseek", "2026-02-06", [0.62, null, null, 1.85], 163_840, 81_920],
  ]),

  openrouter: models("openrouter", [
    ["openai/gpt-5.5", "gpt", "2026-04-23", [5, 0.5, null, 30], 1_050_000, 128_000],
    ["openai/gpt-5.4-mini", "gpt-mini", "2026-03-17", [0.75, 0.075, null, 4.5], 400_000, 128_000],
    ["anthropic/claude-opus-4.8", "claude-opus", "2026-05-28", [5, 0.5, 6.25, 25], 1_000_000, 128_000],
    ["anthropic/claude-sonnet-5", "claude-sonnet", "2026-06-30", [2, 0.2, 2.5, 10], 1_000_000, 128_000],
    ["anthropic/claude-haiku-4.5", "claude-haiku", "2025-10-15", [1, 0.1, 1.25, 5], 200_000, 64_000],
    [
      "google/gemini-3.1-pro-preview",
      "gemini-pro",
      "2026-02-19",
      [2, 0.2, null, 12],
      1_048_576,
      65_536,
      [200_000, [4, 0.4, null, 18]],
    ],
    ["google/gemini-3.5-flash", "gemini-flash", "2026-05-19", [1.5, 0.15, null, 9], 1_048_576, 65_536],
    ["deepseek/deepseek-v4-pro", "deepseek-thinking", "2026-04-24", [0.435, 0.003625, null, 0.87], 1_048_576, 384_000],
    ["deepseek/deepseek-v4-flash", "deepseek-flash", "2026-04-24", [0.098, 0.02, null, 0.196], 1_048_575, 65_536],
    ["meta-llama/llama-3.3-70b-instruct", "llama", "2024-12-06", [0.1, null, null, 0.32], 131_072, 16_384],
  ]),
} as const satisfies Record<string, readonly Model[]>;
