import { describe, expect, test } from "@jest/globals";
import { until } from "../../eventually.ts";
import { button, dialog, heading, panel } from "../find.ts";
import type { Here, Person } from "../here.ts";
import { evaluateOutside, scrollTop } from "../judge-page.ts";
import { holdScripts, mailedLink, newPerson, openPage, password } from "../site.ts";

/** From the form that asks for an address to the page where somebody is then. */
async function signUpFromHere({ page, email }: Person): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await button(page, "Send me the link").click();
  await page.getByRole("link", { name: "Open the link" }).click();
  await page.getByLabel("New password").fill(password);
  await button(page, "Set password and sign in").click();
}

/** How people get from page to page. */
export function tellOfWays(here: () => Here): void {
  describe("the way", () => {
    test("to another page changes the title, takes the keyboard along, and leads back to where one was", async () => {
      const { page, context, complaints } = await newPerson(here(), "");
      await page.setViewportSize({ width: 1280, height: 500 });
      await openPage(page, "/");
      const link = page.getByRole("link", { name: "Compare everything" });
      await link.scrollIntoViewIfNeeded();
      expect(await scrollTop(page)).toBeGreaterThan(0);
      await link.press("Enter");
      await heading(page, "Pricing").waitFor();
      const focus = () => evaluateOutside(page, "document.activeElement?.id");
      await until("the keyboard is in the page", focus, (id) => id === "content");
      expect(await page.title()).toBe("Pricing: Free to Enterprise | Top Dog");
      expect(await scrollTop(page)).toBe(0);
      await page.goBack();
      await heading(page, /Every model/).waitFor();
      await until(
        "the place of before",
        () => scrollTop(page),
        (top) => top > 0,
      );
      expect(await page.title()).toMatch(/^Top Dog: one LLM API/);
      expect(complaints).toEqual([]);
      await context.close();
    });

    test("through a page is not lost when its scripts come late", async () => {
      const { page, context } = await newPerson(here(), "");
      const release = await holdScripts(page);
      await page.goto("/guide", { waitUntil: "commit" });
      await heading(page, "Failover").scrollIntoViewIfNeeded();
      expect(await scrollTop(page)).toBeGreaterThan(0);
      release();
      // Only the browser knows where the site is: the page's scripts have come.
      await page.getByText(here().stack.siteUrl).first().waitFor();
      expect(await scrollTop(page)).toBeGreaterThan(0);
      await context.close();
    });

    test("of who chose a plan before they had an account leads to that plan", async () => {
      const jo = await newPerson(here(), "jo@example.test");
      const { page } = jo;
      await openPage(page, "/pricing");
      await page.getByText("Annually", { exact: true }).click();
      await page.getByRole("link", { name: "Choose Pro Plus" }).click();
      await heading(page, "Sign in").waitFor();
      await page.getByRole("main").getByRole("link", { name: "Start free" }).click();
      await signUpFromHere(jo);
      await button(page, "Go to checkout").waitFor();
      expect(await page.getByRole("radio", { name: /^Pro Plus/ }).isChecked()).toBe(true);
      expect(await page.getByRole("radio", { name: "Billed annually" }).isChecked()).toBe(true);
      await jo.context.close();
    });

    test("of who is invited and has no account leads back to the invitation", async () => {
      const kim = await newPerson(here(), "kim@example.test");
      const { ada, stack } = here();
      const { page } = kim;
      await ada.page.getByRole("link", { name: "Org", exact: true }).click();
      await button(ada.page, "Invite").click();
      await dialog(ada.page).getByLabel("Email").fill(kim.email);
      await button(dialog(ada.page), "Invite").click();
      await page.goto(await mailedLink(stack.mailDir, kim.email, "/invitation"));
      await page.getByRole("main").getByRole("link", { name: "Start free" }).click();
      await signUpFromHere(kim);
      await page.getByText("Analytical Engines invites you to join as member.").waitFor();
      expect(new URL(page.url()).hash).toBe("");
      await button(page, "Decline").click();
      await page.getByText("You declined.").waitFor();
      await panel(ada.page, "Invitations").waitFor();
      await kim.context.close();
    });

    test("of who opens a link that was used before leads to a new one", async () => {
      const { page, context } = await newPerson(here(), "");
      await page.goto(await mailedLink(here().stack.mailDir, "jo@example.test", "/set-password"));
      await page.getByLabel("New password").fill(password);
      await button(page, "Set password and sign in").click();
      await page.getByRole("link", { name: "Ask for a new link" }).click();
      await heading(page, "Set a new password").waitFor();
      await context.close();
    });
  });
}
