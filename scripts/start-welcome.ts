import { dirname } from "node:path";
import type { Stack } from "@topdog/local-stack/stack";

const preferredModel = "sandbox-small";

/** What a user sees once all is up: what runs where, a key, and two ways to make a first call. */
export function welcome(stack: Stack, models: readonly string[], took: string): string {
  const gateway = stack.urls.gateway[0] ?? "";
  const key = stack.demo.userKey;
  const model = models.find((id) => id === preferredModel) ?? models[0] ?? preferredModel;
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Say hello" }] });
  return `
${table(stack)}

Ready in ${took}. The web app: ${stack.siteUrl}

The demo user's key (plan Pro), and those of a Teams org's owner and member:
  ${key}
  ${stack.demo.teamsOwnerKey}
  ${stack.demo.teamsMemberKey}
${signInNotice(stack.demo.password)}${twinNotice(stack.urls.stripeTwin)}
A streamed completion:
  curl -N ${gateway}/v1/chat/completions -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" -d '${body}'

The same with the official SDK (npm install openai):
  import OpenAI from "openai";
  const client = new OpenAI({ baseURL: "${gateway}/v1", apiKey: "${key}" });
  const answer = await client.chat.completions.create({
    model: "${model}",
    messages: [{ role: "user", content: "Say hello" }],
  });

Logs: ${dirname(stack.services["gateway"]?.logFile ?? "")}. API documents: ${gateway}/docs. Ctrl-C stops everything.`;
}

/** The demo's users are made by the seed of org-registry. */
function signInNotice(password: string | undefined): string {
  if (password === undefined) return "";
  return `
Sign in as demo@topdog.example, or as the team's owner demo-owner@topdog.example, with the password:
  ${password}
`;
}

const twinNotice = (url: string | null): string =>
  url === null ? "" : `\nPayments go to a Stripe twin at ${url}: no real money; pay with 4242 4242 4242 4242.\n`;

function table(stack: Stack): string {
  const services = Object.values(stack.services).map((one) => [
    one.name,
    one.url,
    one.opsUrl,
    one.isRunning() ? "ready" : "down",
  ]);
  const rows = [
    ["what", "where", "operations", "state"],
    ...services.toReversed(),
    ["postgres", `127.0.0.1:${stack.postgres.port}`, "", "ready"],
    ["nats", stack.nats.url, "", "ready"],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + 2);
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("")}`).join("\n");
}
