import { describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { until } from "../../eventually.ts";
import { button, dialog, heading, panel, row } from "../find.ts";
import type { Here, Person } from "../here.ts";
import { evaluateOutside } from "../judge-page.ts";
import { callModel, newPerson, openPage, password, signIn, signUp } from "../site.ts";

/** On the page of keys; the key itself. */
async function createKey(page: Page, name: string): Promise<string> {
  await button(page, "New key").click();
  await dialog(page).getByLabel("Name").fill(name);
  await button(dialog(page), "New key").click();
  const key = (await page.locator("[data-secret]").textContent()) ?? "";
  await button(page, "I have it").click();
  await row(page, name).waitFor();
  return key;
}

/** As a browser tells a page that somebody looks at it again. */
const lookAgain = (page: Page): Promise<unknown> =>
  evaluateOutside(page, 'document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))');

/** Hal and Ida, to whom something comes in between. */
export function tellOfInterruptions(here: () => Here): void {
  describe("when something comes in between", () => {
    let hal: Person;
    let key = "";

    test("an act that the line cuts off fails at once, and is not done later", async () => {
      hal = await newPerson(here(), "hal@example.test");
      const { page, context } = hal;
      await signUp(hal);
      await page.goto("/keys");
      key = await createKey(page, "laptop");
      await button(row(page, "laptop"), "Revoke").click();
      await context.setOffline(true);
      await button(dialog(page), "Revoke").click();
      await dialog(page).getByText("You are offline.").waitFor();
      await button(dialog(page), "Cancel").click();
      await context.setOffline(false);
      await openPage(page, "/keys");
      await row(page, "laptop").waitFor();
    });

    test("a page that did not load says so, and loads when the line is back", async () => {
      const { page, context } = hal;
      await openPage(page, "/keys");
      await context.setOffline(true);
      await page.getByRole("link", { name: "Provider keys" }).click();
      await heading(page, "This page did not load.").waitFor();
      await context.setOffline(false);
      await button(page, "Reload").click();
      await heading(page, "Provider keys").first().waitFor();
    });

    test("a setting that could not be stored says so, and is shown as it is", async () => {
      const { page, context } = hal;
      const fallback = page.getByRole("checkbox", { name: /^When your own keys fail/ });
      // It shows what is stored, so not at once what was clicked.
      await fallback.click();
      await until("it is stored", () => fallback.isChecked(), Boolean);
      await openPage(page, "/byok");
      expect(await fallback.isChecked()).toBe(true);
      await context.setOffline(true);
      await fallback.click();
      await dialog(page).getByText("You are offline.").waitFor();
      await button(dialog(page), "Close").click();
      await dialog(page).waitFor({ state: "detached" });
      expect(await fallback.isChecked()).toBe(true);
      await context.setOffline(false);
    });

    test("figures of a page that stays open go on with the next hour", async () => {
      const { context } = hal;
      const page = await context.newPage();
      await page.clock.install();
      await openPage(page, "/dashboard");
      await callModel(here(), key);
      const history = panel(page, "History");
      await history.getByText("24 hours").click();
      const hours = history.getByRole("table").first().getByRole("rowheader");
      const lastHour = async (): Promise<string> => (await hours.nth(23).textContent()) ?? "";
      const before = await lastHour();
      await page.clock.fastForward("01:00:00");
      await until("the next hour", lastHour, (hour) => hour !== before);
      await page.close();
    });

    test("whoever has no session any more is sent to sign in, and comes back to where they were", async () => {
      const { page, context } = hal;
      await openPage(page, "/keys");
      await button(row(page, "laptop"), "Revoke").click();
      await context.clearCookies();
      await button(dialog(page), "Revoke").click();
      await heading(page, "Sign in").waitFor();
      await page.getByLabel("Email").fill(hal.email);
      await page.getByLabel("Password").fill(password);
      await button(page, "Sign in").click();
      await row(page, "laptop").waitFor();
    });

    test("a tab in which somebody else signed in shows nothing of who was here before", async () => {
      const { page, context } = hal;
      const ida = await newPerson(here(), "ida@example.test");
      await signUp(ida);
      await ida.context.close();
      await openPage(page, "/keys");
      const other = await context.newPage();
      await signIn(other, ida.email, password, "/account");
      await panel(other, "Email").getByText(ida.email).waitFor();
      await lookAgain(page);
      await page.getByRole("banner").getByText(ida.email).waitFor();
      await page.getByText("No key yet").waitFor();
      expect(await page.content()).not.toContain("laptop");
      expect(hal.complaints).toEqual([]);
      await context.close();
    });
  });
}
