const prompt = `${"Explain in plain words how an escrow lease keeps a daily limit exact. ".repeat(12)}Round 5.`;

/** The sandbox answers this prompt with 48 tokens, whatever the machine. */
const request = { model: "sandbox-small", messages: [{ role: "user", content: prompt }] };

export const jsonBody = JSON.stringify({ ...request, user: "bench".padEnd(99, "-") });
export const streamBody = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
/** Role, 48 tokens, finish reason, usage, `[DONE]`. */
export const eventsPerStream = 52;
export const tokenIntervalMs = 20;

export interface Workload {
  readonly name: string;
  readonly body: string;
  readonly connections: number;
  readonly ratePerSecond: number | null;
}
