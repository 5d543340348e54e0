import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { type Stack, startStack } from "@topdog/local-stack/stack";
import type { Browser, Page } from "playwright-core";
import { request } from "undici";
import { makeOperator } from "../support/web/make-operator.ts";
import { launchBrowser } from "../support/web/chromium.ts";
import { accessibilityProblems, paintFigures, scrollsSideways } from "../support/web/judge-page.ts";
import {
  codeOf,
  mailedLink,
  newPerson,
  openPage,
  password,
  payCheckout,
  type Person,
  signUp,
} from "../support/web/site.ts";

const artefacts = join(import.meta.dirname, "../../.topdog/screenshots");
const publicPaths = ["/", "/pricing", "/guide", "/terms", "/status", "/sign-up", "/sign-in", "/reset"];
const maxLargestPaintMs = 1_500;

let stack: Stack;
let browser: Browser;
let dataDir: string;
/** Buys and leads an org. */
let ada: Person;
/** Stays on Free, and is invited. */
let bob: Person;

beforeAll(async () => {
  dataDir = makeScratchFolder("web");
  mkdirSync(artefacts, { recursive: true });
  [stack, browser] = await Promise.all([
    startStack({
      dataDir,
      stripeTwin: true,
      env: { "sandbox-provider": { TTFT_MS: "5", TOKEN_INTERVAL_MS: "1" } },
    }),
    launchBrowser(),
  ]);
  const url = stack.urls.gateway[0] ?? "";
  ada = await newPerson(browser, url, "ada@example.test");
  bob = await newPerson(browser, url, "bob@example.test");
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name, exact: true });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const dialog = (page: Page) => page.getByRole("dialog");
/** The panel with this heading. */
const panel = (page: Page, name: string) => page.getByRole("region", { name, exact: true }).first();

async function createKey(page: Page): Promise<string> {
  await button(page, "Create key").click();
  return (await page.locator("[data-secret]").textContent()) ?? "";
}

describe("a visitor", () => {
  test("sees every public page soon, without a shift, a complaint of the browser or one of axe, in both themes", async () => {
    const visitor = await newPerson(browser, stack.urls.gateway[0] ?? "", "");
    for (const colorScheme of ["light", "dark"] as const) {
      await visitor.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const path of publicPaths) {
        await openPage(visitor.page, path);
        const { largestPaintMs, layoutShift } = await paintFigures(visitor.page);
        expect({ path, isSoon: largestPaintMs <= maxLargestPaintMs, layoutShift }).toEqual({
          path,
          isSoon: true,
          layoutShift: 0,
        });
        expect([path, ...(await accessibilityProblems(visitor.page))]).toEqual([path]);
      }
    }
    expect(visitor.complaints).toEqual([]);
    await visitor.context.close();
  });

  test("finds what each plan costs and allows, and what a team's seats add up to", async () => {
    const { page } = ada;
    await page.goto("/pricing");
    const row = (name: string) => page.getByRole("row", { name: new RegExp(`^${name}`) });
    await expectText(row("API calls / day"), "75", "800", "1,200", "1,600 / seat-holder", "3,500 / seat-holder");
    await expectText(row("LLM requests / day"), "40", "300", "450", "600 / seat-holder", "1,400 / seat-holder");
    await expectText(row("Concurrent requests"), "1", "2", "3", "3 / seat-holder", "6 / seat-holder");
    await expectText(row("BYOK capacity"), "2 personal slots", "5 personal slots", "12 + 2 × seats", "24 + 3 × seats");
    await expectText(row("Org API bucket"), "–", "400 × seats", "1,750 × seats");
    await expectText(row("Billed annually"), "–", "$26.10", "$44.10", "$35.10", "$71.10");
    await expectText(row("Minimum seats"), "1", "3", "10");
    await expectText(row("Support"), "community", "email within 48 h", "named manager");
    await page.getByText("Annually", { exact: true }).click();
    await page.getByText("Save 10 %").waitFor();
    await expectText(page.locator("[data-plan=pro]"), "$26.10");
    await page.getByLabel("Seats").fill("1");
    await page.getByLabel("Seats").blur();
    await expectText(page.getByRole("region", { name: "Seat calculator" }), "$1,263.60", "4,800", "1,200", "18");
  });
});

async function expectText(place: { textContent(): Promise<string | null> }, ...parts: string[]): Promise<void> {
  const text = (await place.textContent()) ?? "";
  for (const part of parts) expect(text).toContain(part);
}

describe("from signing up to an answer", () => {
  test("takes one mail, one key and one click, and the answer streams", async () => {
    await signUp(ada, stack.mailDir);
    const { page } = ada;
    expect(await createKey(page)).toMatch(/^td_/);
    await expectText(page.getByRole("region", { name: "2. Your client" }), "td_", "/v1/chat/completions");
    await button(page, "Run").click();
    await page.getByText("Charged to your own limit. 39 LLM requests left today.").waitFor();
    await expectText(page.getByLabel("Answer"), "Sandbox reply");
    expect(new URL(page.url()).hash).toBe("");
  });

  test("shows the call on the dashboard, and the key never again", async () => {
    const { page } = ada;
    await page.getByRole("link", { name: "Go to the dashboard" }).click();
    await page.getByRole("meter", { name: "LLM requests, yours" }).waitFor();
    await expectText(panel(page, "Today"), "of 75", "39 left", "at 00:00 UTC");
    await page.getByRole("link", { name: "API keys" }).click();
    await page.getByRole("rowheader", { name: "My first key" }).waitFor();
    expect(await page.locator("[data-secret]").count()).toBe(0);
    await page.reload();
    await page.getByRole("rowheader", { name: "My first key" }).waitFor();
  });

  test("two people beside each other never see each other's things", async () => {
    await signUp(bob, stack.mailDir);
    await ada.page.goto("/org");
    await ada.page.getByLabel("Name").fill("Analytical Engines");
    await button(ada.page, "Make an org").click();
    await heading(ada.page, "Analytical Engines").waitFor();
    const orgPath = new URL(ada.page.url()).pathname + new URL(ada.page.url()).search;
    await bob.page.goto("/keys");
    await bob.page.getByText("No key yet").waitFor();
    for (const path of ["/org", "/keys", "/byok", "/billing", "/dashboard"]) {
      await bob.page.goto(orgPath.replace("/org", path));
      await bob.page.getByRole("alert").first().waitFor();
      expect(await bob.page.content()).not.toContain("Analytical");
    }
  });
});

describe("money", () => {
  test("a plan is bought by a checkout, and counts as soon as it is paid", async () => {
    const { page } = ada;
    await page.goto("/pricing");
    await page.getByRole("link", { name: "Choose Pro", exact: true }).click();
    await button(page, "Go to checkout").click();
    await payCheckout(ada);
    await heading(page, "Pro").waitFor();
    await panel(page, "Invoices").getByText("paid").waitFor();
    await expectText(panel(page, "Invoices"), "$29");
  });

  test("an upgrade says what is charged now, and is charged", async () => {
    const { page } = ada;
    await page.getByText(/^Pro Plus \$49/).click();
    await button(page, "See what it costs").click();
    await dialog(page)
      .getByText(/is charged now/)
      .waitFor();
    await button(page, "Pay and change").click();
    await dialog(page).getByText("Your plan has changed.").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await heading(page, "Pro Plus").waitFor();
  });

  test("a downgrade costs nothing, comes when the period ends, and can be taken back", async () => {
    const { page } = ada;
    await page.getByText(/^Pro \$29/).click();
    await button(page, "See what it costs").click();
    await dialog(page)
      .getByText(/Nothing is charged now\. The change comes on/)
      .waitFor();
    await button(page, "Schedule the change").click();
    await dialog(page).getByText("The change is scheduled.").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await page.getByText(/^From .*: Pro, 1 seat, billed monthly\.$/).waitFor();
    await button(page, "Take it back").click();
    await page.getByText(/^From .*: Pro, 1 seat/).waitFor({ state: "detached" });
  });

  test("a year instead of a month is paid at once, ten percent less", async () => {
    const { page } = ada;
    await page.getByText(/^Pro Plus \$49/).click();
    await panel(page, "Change plan").getByText("Billed annually").click();
    await panel(page, "Change plan").getByText("$44.10").waitFor();
    await button(page, "See what it costs").click();
    await dialog(page)
      .getByText(/is charged now/)
      .waitFor();
    await button(page, "Pay and change").click();
    await dialog(page).getByText("Your plan has changed.").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await panel(page, "Pro Plus").getByText("Billed annually").waitFor();
  });

  test("cancelling comes when the period ends, and can be taken back", async () => {
    const { page } = ada;
    await button(page, "Cancel the plan").click();
    await dialog(page).getByRole("button", { name: "Cancel the plan" }).click();
    await page.getByText(/^Cancelled: it ends on/).waitFor();
    await button(page, "Take it back").click();
    await page.getByText(/^Cancelled: it ends on/).waitFor({ state: "detached" });
  });
});

describe("provider keys", () => {
  const add = async (page: Page, label: string): Promise<void> => {
    await button(page, "Add a key").first().click();
    await dialog(page).getByLabel("Provider").fill("sandbox");
    await dialog(page).getByLabel("Key", { exact: true }).fill(`sk-${label}-0123456789abcdef`);
    await dialog(page).getByLabel("Label").fill(label);
    await dialog(page).getByRole("button", { name: "Add a key" }).click();
  };

  test("fill the slots of the plan; one more is refused, with what to do", async () => {
    const { page } = bob;
    await page.goto("/byok");
    for (const label of ["first", "second"]) {
      await add(page, label);
      await page.getByRole("rowheader", { name: label }).waitFor();
    }
    await page.getByText("Every slot is used. Revoke a key").waitFor();
    await add(page, "third");
    await dialog(page).getByText("2 of 2 slots are used").waitFor();
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    expect(await page.content()).not.toContain("0123456789abcdef");
  });

  test("are tried in the order that was chosen", async () => {
    const { page } = bob;
    const labels = () => page.getByRole("region", { name: "Provider keys" }).getByRole("rowheader").allTextContents();
    expect(await labels()).toEqual(["first", "second"]);
    await button(page, "Try second earlier").click();
    await button(page, "Try first earlier").waitFor();
    expect(await labels()).toEqual(["second", "first"]);
  });

  test("are revoked with a reason, which the audit log keeps", async () => {
    const { page } = bob;
    await page.getByRole("row", { name: /first/ }).getByRole("button", { name: "Revoke" }).click();
    await dialog(page).getByLabel("Reason").fill("left the company");
    await dialog(page).getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("region", { name: "What happened" }).getByText("left the company").first().waitFor();
    await page.getByText("1 free").waitFor();
  });
});

describe("an org", () => {
  test("buys seats, invites, and gives a seat to who accepts", async () => {
    const { page } = ada;
    await page.getByLabel("Workspace").selectOption({ label: "Analytical Engines" });
    await page.getByRole("link", { name: "Billing" }).click();
    await page.getByLabel("Seats").fill("4");
    await button(page, "Go to checkout").click();
    await payCheckout(ada);
    await heading(page, "Teams").waitFor();
    await page.getByText("1 of 4 seats taken").waitFor();
    await page.getByRole("link", { name: "Org", exact: true }).click();
    await button(page, "Invite").click();
    await dialog(page).getByLabel("Email").fill(bob.email);
    await dialog(page).getByRole("button", { name: "Invite" }).click();
    await page.getByRole("region", { name: "Invitations" }).getByRole("rowheader", { name: bob.email }).waitFor();
    const link = await mailedLink(stack.mailDir, bob.email, "/invitation");
    await bob.page.goto(link);
    await bob.page.getByText("Analytical Engines invites you to join as member.").waitFor();
    await button(bob.page, "Accept").click();
    await bob.page.getByText("You are a member now.").waitFor();
    await page.reload();
    await page.getByRole("region", { name: "Members" }).getByRole("rowheader", { name: bob.email }).waitFor();
    await page.getByText("2 of 4 taken").waitFor();
  });

  test("shows a member's own limits and the org's bucket behind them", async () => {
    await bob.page.getByRole("link", { name: "Go to the org" }).click();
    await bob.page.getByRole("link", { name: "Dashboard" }).click();
    await bob.page.getByRole("meter", { name: "API calls, org bucket" }).waitFor();
    await expectText(panel(bob.page, "Today"), "of 1,600", "of 600");
  });

  test("changes its seats: fewer come when the period ends", async () => {
    const { page } = ada;
    await page.getByRole("link", { name: "Billing" }).click();
    await page.getByLabel("Seats").fill("3");
    await button(page, "See what it costs").click();
    await button(page, "Schedule the change").click();
    await dialog(page).getByText("The change is scheduled.").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await page.getByText(/^From .*: Teams, 3 seats/).waitFor();
  });
});

test("who is over the limit is told so where it matters, with what to do", async () => {
  const carol = await newPerson(browser, stack.urls.gateway[0] ?? "", "carol@example.test");
  await signUp(carol, stack.mailDir);
  const key = await createKey(carol.page);
  for (let call = 0; call < 40; call += 1) {
    const answer = await request(`${stack.urls.gateway[0]}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "sandbox-small", max_tokens: 1, messages: [{ role: "user", content: "hi" }] }),
    });
    await answer.body.dump();
    expect(answer.statusCode).toBe(200);
  }
  await button(carol.page, "Run").click();
  await carol.page.getByRole("alert").getByText(/limit/i).first().waitFor();
  await carol.page.getByRole("link", { name: "Go to the dashboard" }).click();
  await carol.page.getByText("Your LLM requests of today are used up.").waitFor();
  await carol.page.getByRole("link", { name: "See larger plans" }).waitFor();
  await carol.context.close();
});

test("an operator needs a second factor, and then sees the revenue", async () => {
  const olga = await newPerson(browser, stack.urls.gateway[0] ?? "", "olga@example.test");
  const { page } = olga;
  await signUp(olga, stack.mailDir);
  await page.goto("/operator");
  await page.getByText("This page is for operators").waitFor();
  await makeOperator(stack, olga.email);
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(olga.email);
  await page.getByLabel("Password").fill(password);
  await button(page, "Sign in").click();
  await page.getByRole("link", { name: "Account" }).click();
  await button(page, "Set it up").click();
  const uri = (await page.locator("[data-totp-uri]").textContent()) ?? "";
  await dialog(page).getByLabel("Code", { exact: true }).fill(codeOf(uri, Date.now()));
  await dialog(page).getByRole("button", { name: "Confirm" }).click();
  await dialog(page).getByText("Each works once").waitFor();
  const recovery = ((await dialog(page).locator("pre").textContent()) ?? "").split("\n")[0] ?? "";
  await button(page, "I have kept them").click();
  await button(page, "Sign out").click();
  await page.goto("/sign-in?next=/operator");
  await page.getByLabel("Email").fill(olga.email);
  await page.getByLabel("Password").fill(password);
  await button(page, "Sign in").click();
  await page.getByLabel("Code of your authenticator app").fill(recovery);
  await button(page, "Sign in").click();
  await page.getByText("MRR").first().waitFor();
  await expectText(panel(page, "Revenue"), "pro_plus", "teams", "$");
  await screenshots(page, ["/operator"]);
  await olga.context.close();
});

async function screenshots(page: Page, paths: readonly string[]): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const path of paths) {
        await openPage(page, path);
        const name = `${path.split("?")[0]?.replaceAll("/", "-") ?? ""}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(artefacts, name.slice(1)), fullPage: true });
        expect([path, width, await scrollsSideways(page)]).toEqual([path, width, false]);
        // The phone differs from the desktop in its layout, not in its colours.
        if (width > 1_000 || colorScheme === "light")
          expect([path, ...(await accessibilityProblems(page))]).toEqual([path]);
      }
    }
  }
}

test("every page of who is signed in fits a desktop and a phone in both themes, without a complaint of axe", async () => {
  const { page } = ada;
  const query = new URL(page.url()).search;
  await screenshots(page, [
    "/welcome",
    "/account",
    ...["/dashboard", "/keys", "/byok", "/billing", "/org"].map((path) => path + query),
  ]);
  await screenshots(bob.page, ["/", "/pricing", "/byok"]);
  expect([...ada.complaints, ...bob.complaints]).toEqual([]);
});
