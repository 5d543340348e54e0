import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { cookiesOf, csrfHeaderName, csrfTokenOf } from "@topdog/contracts/session-cookies";
import { Command } from "commander";

interface Flags {
  baseUrl: string;
  priceId: string;
  sessionId: string;
  org?: string;
  webhookSecretFile?: string;
  live: boolean;
}

const timeoutMs = 15_000;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Sent {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

class StepFailed extends Error {}

async function ask(flags: Flags, method: "GET" | "POST", path: string, sent: Sent = {}): Promise<Answer> {
  const url = new URL(path, flags.baseUrl);
  const headers = {
    cookie: `${cookiesOf(flags.baseUrl).session}=${flags.sessionId}`,
    [csrfHeaderName]: csrfTokenOf(flags.sessionId),
    origin: new URL(flags.baseUrl).origin,
    ...(method === "POST" ? { "content-type": "application/json" } : {}),
    ...sent.headers,
  };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    send(url, { method, headers, signal, agent: false }, resolve).on("error", reject).end(sent.body);
  });
  const got = await text(response);
  const body = got.startsWith("{") ? (JSON.parse(got) as Answer["body"]) : {};
  return { status: response.statusCode ?? 0, body };
}

function expectStatus({ status, body }: Answer, ...wanted: number[]): void {
  if (wanted.includes(status)) return;
  const why = [body["code"], body["detail"]].filter((one) => typeof one === "string").join(": ");
  throw new StepFailed(`answered ${status}, not ${wanted.join(" or ")}${why === "" ? "" : ` (${why})`}`);
}

function expectUrl({ body }: Answer): void {
  if (typeof body["url"] !== "string" || !URL.canParse(body["url"])) throw new StepFailed("answered without a URL");
}

/** In order; each tells in a word what it found. */
const steps: readonly (readonly [name: string, run: (flags: Flags, query: string) => Promise<string>])[] = [
  [
    "subscription",
    async (flags, query) => {
      const answer = await ask(flags, "GET", `/api/billing/subscription${query}`);
      expectStatus(answer, 200);
      return `${String(answer.body["owner"])} has ${String(answer.body["plan"])}`;
    },
  ],
  [
    "checkout",
    async (flags, query) => {
      const body = JSON.stringify({ priceId: flags.priceId });
      const answer = await ask(flags, "POST", `/api/billing/checkout${query}`, { body });
      // Who has a subscription cannot open one: the refusal came after Stripe was asked.
      expectStatus(answer, 200, 409);
      if (answer.status === 409 && answer.body["code"] !== "conflict") expectStatus(answer, 200);
      if (answer.status === 409) return "refused, because there is a subscription";
      expectUrl(answer);
      return "opened, and left";
    },
  ],
  [
    "portal",
    async (flags, query) => {
      const answer = await ask(flags, "POST", `/api/billing/portal${query}`);
      expectStatus(answer, 200);
      expectUrl(answer);
      return "opened";
    },
  ],
  ["webhook", (flags) => checkWebhook(flags)],
  [
    "invoices",
    async (flags, query) => {
      const answer = await ask(flags, "GET", `/api/billing/invoices${query}`);
      expectStatus(answer, 200);
      return `${Array.isArray(answer.body["items"]) ? answer.body["items"].length : 0} on the first page`;
    },
  ],
];

/** What is not signed must be refused. With the secret, an event about nothing is stored once: the second delivery finds its row. */
async function checkWebhook(flags: Flags): Promise<string> {
  const path = "/api/billing/webhook";
  const event = {
    object: "event",
    id: `evt_smoke_${randomUUID().replaceAll("-", "")}`,
    type: "topdog.smoke",
    livemode: flags.live,
    created: Math.floor(Date.now() / 1000),
    data: { object: { object: "smoke" } },
  };
  const body = JSON.stringify(event);
  expectStatus(await ask(flags, "POST", path, { body }), 400);
  if (flags.webhookSecretFile === undefined) return "refuses what is not signed; no secret was given to go on";
  const secret = readFileSync(flags.webhookSecretFile, "utf8").trim();
  const signed = (): Sent => {
    const t = Math.floor(Date.now() / 1000);
    const v1 = createHmac("sha256", secret).update(`${t}.${body}`).digest("hex");
    return { body, headers: { "stripe-signature": `t=${t},v1=${v1}` } };
  };
  for (const duplicate of [false, true]) {
    const answer = await ask(flags, "POST", path, signed());
    expectStatus(answer, 200);
    if (answer.body["duplicate"] !== duplicate) throw new StepFailed("the event's row was not found again");
  }
  return "stored once";
}

await new Command("smoke")
  .description("Whether billing works at a base URL. Safe in production: nothing is bought, changed or ended.")
  .requiredOption("--base-url <url>", "of the gateway, as https://topdog.example")
  .requiredOption("--price-id <price>", "a price of Stripe that is mapped to a plan")
  .requiredOption("--session-id <session>", "the value of the session cookie of a person who signed in just now")
  .option("--org <org>", "for an org that the person pays for, with a price of a plan with seats")
  .option("--webhook-secret-file <path>", "file with the webhook secret: then an event about nothing is stored")
  .option("--live", "the installation has a key of Stripe's live mode", false)
  .addHelpText("after", "\nExit codes: 0 every step passed, 1 a step failed (it is named), 2 wrong use.")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (flags: Flags) => {
    const query = flags.org === undefined ? "" : `?org=${encodeURIComponent(flags.org)}`;
    for (const [name, run] of steps) {
      try {
        console.log(`ok    ${name}: ${await run(flags, query)}`);
      } catch (error) {
        console.error(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
        return;
      }
    }
  })
  .parseAsync();
