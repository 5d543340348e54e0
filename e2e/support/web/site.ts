import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { request } from "undici";
import { until } from "../eventually.ts";
import { hangsAfter } from "../raw-call.ts";
import type { Here, Person } from "./here.ts";

interface Mail {
  readonly to: string;
  readonly text: string;
}

/** Of a call, as SDKs have it. */
const mostAttempts = 3;
export const password = "a long enough password";
/** Answers that are part of a story are told of in the console too, and so are lines that a story breaks. */
const expectedComplaint =
  /the server responded with a status of (?:4\d\d|50[234])|net::ERR_(?:INTERNET_DISCONNECTED|NETWORK_CHANGED|CONNECTION_|INCOMPLETE_CHUNKED|EMPTY_RESPONSE)/;

/** The newest link to a page that was mailed to an address. */
export async function mailedLink(mailDir: string, to: string, path: string): Promise<string> {
  const mails = (): Mail[] =>
    readdirSync(mailDir)
      .filter((name) => name.endsWith(".json"))
      .toSorted()
      .map((name) => JSON.parse(readFileSync(join(mailDir, name), "utf8")) as Mail)
      .filter((mail) => JSON.stringify(mail.to).includes(to));
  const links = (): string[] =>
    mails()
      .flatMap(({ text }) => text.match(/https?:\/\/\S+#token=[\w-]{43}/g) ?? [])
      .filter((link) => link.includes(path));
  const found = await until(
    `a mail to ${to} with a link to ${path}`,
    async () => links(),
    (list) => list.length > 0,
  );
  return found.at(-1) ?? "";
}

/** A browser of somebody's own, with nothing of anybody else's in it. */
export async function newPerson({ browser, stack }: Pick<Here, "browser" | "stack">, email: string): Promise<Person> {
  const context = await browser.newContext({ baseURL: stack.siteUrl, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !expectedComplaint.test(message.text())) complaints.push(message.text());
  });
  return { email, context, page, complaints };
}

/** From the start page to a session, by the mailed link: on a machine that sends no mail the page shows it. */
export async function signUp({ page, email }: Person): Promise<void> {
  await page.goto("/");
  await page.getByRole("banner").getByRole("link", { name: "Start free" }).click();
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
  await page.getByRole("link", { name: "Open the link" }).click();
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Set password and sign in" }).click();
  await page.getByRole("heading", { name: "Make your first call" }).waitFor();
}

/** To the page `next`, unless the address, the password or a second factor is asked for again. */
export async function signIn(page: Page, email: string, secret: string, next: string): Promise<void> {
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Until nobody is signed in: to open another page before that would cut the request off. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("banner").getByRole("link", { name: "Sign in", exact: true }).waitFor();
}

/** On the page that greets who is new. */
export async function createFirstKey(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Create key", exact: true }).click();
  return (await page.locator("[data-secret]").textContent()) ?? "";
}

/** A call with a key, as a client makes it: what is refused for want of capacity is asked again. Resolves with the status. */
export async function callModel({ stack }: Pick<Here, "stack">, key: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(`${stack.urls.gateway[0]}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "sandbox-small", max_tokens: 1, messages: [{ role: "user", content: "hi" }] }),
      ...hangsAfter,
    });
    await answer.body.dump();
    if (answer.statusCode !== 503 || attempt === mostAttempts) return answer.statusCode;
    await sleep(1_000 * Number(answer.headers["retry-after"] ?? 1));
  }
}

/** Gives the page's browser an authenticator of its own, whose person agrees to everything. */
export async function addAuthenticator(page: Page): Promise<{ countCredentials(): Promise<number> }> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    countCredentials: async () =>
      (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const stepSeconds = 30;

/** What an authenticator app shows for an `otpauth://` address (RFC 6238). */
export function codeOf(uri: string, nowMs: number): string {
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  const bits = secret
    .split("")
    .map((sign) => base32.indexOf(sign).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 1000 / stepSeconds)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Pays an open checkout of the Stripe twin with the card that it offers. */
export async function payCheckout({ page, email }: Person): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Name on card").fill("Ada Example");
  await page.getByRole("button", { name: /^Pay / }).click();
}

/** Opens a page and waits until nothing stands in for what is about to be there. */
export async function openPage(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator("h1").first().waitFor();
  await page.locator(".ghost").first().waitFor({ state: "detached" });
}

/** Keeps the page's scripts back, but for the one that runs before the first paint, as a slow line does. Returns what lets them come. */
export async function holdScripts(page: Page): Promise<() => void> {
  const released = Promise.withResolvers<void>();
  await page.route(/\/assets\/(?!early)[^/]*\.js$/, async (route) => {
    await released.promise;
    await route.continue();
  });
  return released.resolve;
}
