export interface Sample {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

export interface SampleFacts {
  /** Scheme and host of this site. */
  readonly origin: string;
  /** As it is shown: a key, or what stands for one. */
  readonly key: string;
  readonly model: string;
}

const python = ({ origin, key, model }: SampleFacts): string => `from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key="${key}")

stream = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Say hello"}],
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="")`;

const typescript = ({ origin, key, model }: SampleFacts): string => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: "${key}" });

const stream = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Say hello" }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? "");
}`;

const curl = ({ origin, key, model }: SampleFacts): string => `curl -N ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "stream": true,
    "messages": [{"role": "user", "content": "Say hello"}]
  }'`;

const anthropic = ({ origin, key, model }: SampleFacts): string => `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "${origin}", apiKey: "${key}" });

const message = await client.messages.create({
  model: "${model}",
  max_tokens: 256,
  messages: [{ role: "user", content: "Say hello" }],
});
console.log(message.content);`;

const agents = ({ origin, key, model }: SampleFacts): string => `# Agents and editors that speak OpenAI's API
export OPENAI_BASE_URL="${origin}/v1"
export OPENAI_API_KEY="${key}"

# Agents that speak Anthropic's API
export ANTHROPIC_BASE_URL="${origin}"
export ANTHROPIC_AUTH_TOKEN="${key}"
export ANTHROPIC_MODEL="${model}"`;

/** The same first call for each kind of client, ready to paste. */
export const samplesOf = (facts: SampleFacts): Sample[] => [
  { id: "curl", name: "curl", text: curl(facts) },
  { id: "python", name: "Python", text: python(facts) },
  { id: "typescript", name: "TypeScript", text: typescript(facts) },
  { id: "anthropic", name: "Anthropic SDK", text: anthropic(facts) },
  { id: "agents", name: "Agents", text: agents(facts) },
];
