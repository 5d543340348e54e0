import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { cookiesOf, csrfHeaderName, csrfTokenOf } from "@topdog/contracts/session-cookies";

const timeoutMs = 15_000;
const inForceTimeoutMs = 30_000;
const plan = "pro";

interface Answer {
  readonly status: number;
  readonly cookies: readonly string[];
  readonly body: string;
}

async function send(
  method: "GET" | "POST",
  url: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, headers, signal, agent: false }, resolve).once("error", reject).end(body);
  });
  return { status: answer.statusCode ?? 0, cookies: answer.headers["set-cookie"] ?? [], body: await text(answer) };
}

function expectStatus(step: string, { status, body }: Answer, wanted: number): void {
  if (status !== wanted) throw new Error(`${step}: ${status} instead of ${wanted}: ${body.slice(0, 500)}`);
}

/** What a person does in a browser: signs in, opens a checkout, pays at Stripe, and has the plan when Stripe has told of it. */
async function main(gateway: string, stripe: string, email: string, password: string): Promise<void> {
  const json = { "content-type": "application/json" };
  const signedIn = await send("POST", `${gateway}/api/auth/sign-in`, json, JSON.stringify({ email, password }));
  expectStatus("sign-in", signedIn, 200);
  const { session: cookie } = cookiesOf(gateway);
  const session = signedIn.cookies.find((one) => one.startsWith(`${cookie}=`))?.split(/[=;]/)[1] ?? "";
  const headers = { ...json, cookie: `${cookie}=${session}`, [csrfHeaderName]: csrfTokenOf(session) };
  const checkout = await send("POST", `${gateway}/api/billing/checkout`, headers, JSON.stringify({ plan }));
  expectStatus("checkout", checkout, 200);
  // The page is named as browsers outside reach it.
  const { pathname } = new URL((JSON.parse(checkout.body) as { readonly url: string }).url);
  const card = new URLSearchParams({ email, name: "Ada Example", country: "US", number: "4242 4242 4242 4242" });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expectStatus("payment", await send("POST", `${stripe}${pathname}`, form, String(card)), 303);
  console.log(await planInForce(gateway, headers));
}

async function planInForce(gateway: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const deadlineMs = Date.now() + inForceTimeoutMs;
  for (;;) {
    const answer = await send("GET", `${gateway}/api/billing/subscription`, headers);
    expectStatus("subscription", answer, 200);
    const found = (JSON.parse(answer.body) as { readonly plan: string }).plan;
    if (found === plan || Date.now() > deadlineMs) return found;
    await sleep(500);
  }
}

const [gateway, stripe, email, password] = process.argv.slice(2);
if (gateway === undefined || stripe === undefined || email === undefined || password === undefined)
  throw new Error("usage: purchase-process.ts <gateway> <stripe> <email> <password>");
await main(gateway, stripe, email, password);
