import { describe, expect, test } from "@jest/globals";
import type { Locator, Page } from "playwright-core";
import { until } from "../../eventually.ts";
import { button, expectText } from "../find.ts";
import type { Here } from "../here.ts";
import { largestPaint, layoutShift } from "../judge-page.ts";
import { takeScreenshots } from "../screenshots.ts";
import { holdScripts, newPerson } from "../site.ts";

const publicPaths = ["/", "/pricing", "/guide", "/docs/errors", "/terms", "/status", "/nowhere"];
/** Where people sign in, and where links of mails lead. */
const linkedPaths = ["/sign-up", "/sign-in", "/reset", "/set-password", "/confirm-email", "/invitation", "/oidc"];
/** Their documents hold what they show. */
const prerenderedPaths = ["/", "/pricing", "/guide", "/terms", "/status"];
const cells =
  (page: Page) =>
  (name: string): Locator =>
    page.getByRole("row", { name: new RegExp(`^${name}`) }).first();

/** What is painted once two looks see the same: a slow machine paints a page in pieces. */
async function paintedAtLast(page: Page): Promise<number> {
  const seen = [0];
  await until(
    "the whole page is painted",
    async () => seen.push(await largestPaint(page)),
    () => seen.at(-1) !== 0 && seen.at(-1) === seen.at(-2),
  );
  return seen.at(-1) ?? 0;
}

/** Somebody who has no account. */
export function tellOfAVisitor(here: () => Here): void {
  describe("a visitor", () => {
    test("sees every public page without a shift, a complaint of the browser or one of axe, on a desktop and a phone, in both themes", async () => {
      const look = async (paths: readonly string[]): Promise<void> => {
        const { page, context, complaints } = await newPerson(here(), "");
        await takeScreenshots(page, paths, async (path) => {
          expect({ path, shift: await layoutShift(page) }).toEqual({ path, shift: 0 });
        });
        expect(complaints).toEqual([]);
        await context.close();
      };
      await Promise.all([look(publicPaths), look(linkedPaths)]);
    });

    test("sees the largest part of a prerendered page before any script of it has come", async () => {
      const { page, context } = await newPerson(here(), "");
      for (const path of prerenderedPaths) {
        const release = await holdScripts(page);
        await page.goto(path, { waitUntil: "commit" });
        await page.getByRole("contentinfo").waitFor();
        const early = await paintedAtLast(page);
        release();
        await page.waitForLoadState("load");
        expect({ path, size: await largestPaint(page) }).toEqual({ path, size: early });
      }
      await context.close();
    });

    test("is shown the figures of what was chosen before the page's scripts came", async () => {
      const { page, context } = await newPerson(here(), "");
      const release = await holdScripts(page);
      await page.goto("/pricing", { waitUntil: "commit" });
      await page.getByText("Annually", { exact: true }).click();
      await page.getByLabel("Seats").fill("12");
      await page.getByLabel("Plan", { exact: true }).selectOption("Enterprise");
      release();
      await expectText(page.locator("[data-plan=pro]"), "$26.10");
      await expectText(page.getByRole("region", { name: "Seat calculator" }), "$10,238.40", "42,000");
      await context.close();
    });

    test("finds what each plan costs and allows, and what a team's seats add up to", async () => {
      const { page } = here().ada;
      await page.goto("/pricing");
      const row = cells(page);
      await expectText(row("API calls / day"), "75", "800", "1,200", "1,600 / seat-holder", "3,500 / seat-holder");
      await expectText(row("LLM requests / day"), "40", "300", "450", "600 / seat-holder", "1,400 / seat-holder");
      await expectText(row("Concurrent requests"), "1", "2", "3", "3 / seat-holder", "6 / seat-holder");
      await expectText(
        row("BYOK capacity"),
        "2 personal slots",
        "5 personal slots",
        "12 + 2 × seats",
        "24 + 3 × seats",
      );
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
      expect(await page.getByText("Regulated plans").count()).toBe(0);
    });
  });
}

/** What gateways saw last: right after their start that may be a part which was not ready yet. */
export function tellOfTheStatus(here: () => Here): void {
  test("anybody sees how every part of the platform is", async () => {
    const { page } = here().bob;
    await page.goto("/status");
    const works = page.getByText("Works", { exact: true });
    const look = async (): Promise<number> => {
      await button(page, "Look again").click();
      return works.count();
    };
    await until("every part works", look, (count) => count === 5, { intervalMs: 500 });
    await page.getByText("Everything works.").waitFor();
  });
}

/** With the flag of the regulated lineup on: it changes billing for every story after it. */
export function tellOfTheRegulatedLineup(here: () => Here): void {
  test("where the regulated lineup is offered, each of its plans stands beside the others, without an annual discount", async () => {
    const { stack, ada } = here();
    await stack.services["billing"]?.restart({ REGULATED_LINEUP: "true" });
    const { page } = ada;
    await page.goto("/pricing");
    const regulated = page.getByRole("region", { name: "Regulated plans" });
    const row = (name: string) => regulated.getByRole("row", { name: new RegExp(`^${name}`) });
    await regulated.waitFor();
    await expectText(row("Billed monthly"), "$89", "$129", "$199", "$69", "$99", "$149");
    await expectText(row("Billed annually"), "$89", "$129", "$199", "$69", "$99", "$149");
    await expectText(row("Minimum seats"), "1", "5", "10", "3");
    await expectText(row("API calls / day"), "1,200", "2,000", "4,000", "1,000", "1,800", "3,800");
    await expectText(row("LLM requests / day"), "450", "800", "1,800", "400", "700", "1,500");
    await expectText(row("Concurrent requests"), "3", "4", "8", "7");
    await expectText(row("BYOK capacity"), "5 personal slots", "7", "12");
    await expectText(row("Org API bucket"), "35 %", "60 %", "30 %", "55 %");
    await expectText(regulated, "No annual discount");
    await page.getByText("Annually", { exact: true }).click();
    await expectText(regulated.locator("[data-plan=med_pro]"), "$89");
  });
}
