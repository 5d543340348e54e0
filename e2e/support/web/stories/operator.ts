import { expect, test } from "@jest/globals";
import { button, dialog, expectText, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { breakSubscriptionEvent } from "../break-event.ts";
import { makeOperator, removeSecondFactor } from "../make-operator.ts";
import { takeScreenshots } from "../screenshots.ts";
import { codeOf, newPerson, signIn, password, signUp, signOut } from "../site.ts";

/** Olga, who runs the platform. */
export function tellOfAnOperator(here: () => Here): void {
  test("an operator needs a second factor, and then sees revenue, tenants, breakers and consistency, and handles dead letters", async () => {
    const { stack } = here();
    const olga = await newPerson(here(), "olga@example.test");
    const { page } = olga;
    await signUp(olga);
    await page.goto("/operator");
    await page.getByText("This page is for operators").waitFor();
    await makeOperator(stack, olga.email);
    await signIn(page, olga.email, password, "/account");
    await button(page, "Set it up").click();
    await button(dialog(page), "Cancel").click();
    await button(page, "Set it up").click();
    const uri = (await page.locator("[data-totp-uri]").textContent()) ?? "";
    await dialog(page).getByLabel("Code", { exact: true }).fill(codeOf(uri, Date.now()));
    await button(dialog(page), "Confirm").click();
    await dialog(page).getByText("Each works once").waitFor();
    const recovery = ((await dialog(page).locator("pre").textContent()) ?? "").split("\n")[0] ?? "";
    await button(page, "I have kept them").click();
    await page.getByText("It is set up").waitFor();
    await signOut(page);
    await signIn(page, olga.email, password, "/operator");
    await page.getByLabel("Code of your authenticator app").fill(recovery);
    await button(page, "Sign in").click();
    await panel(page, "Revenue").getByText("MRR").first().waitFor();
    await expectText(panel(page, "Revenue"), "Pro Plus", "Teams", "$");
    await panel(page, "Consistency").getByText("Every bucket that was checked agrees.").waitFor();
    await panel(page, "Platform").getByText("Every breaker is closed.").waitFor();
    await panel(page, "Tenants").getByLabel("A part of a name").fill("analytical");
    await button(panel(page, "Tenants"), "Find").click();
    await expectText(row(page, /Analytical Engines/), "Teams", "2 of 4", "Active");

    await breakSubscriptionEvent(stack);
    await page.reload();
    const letter = row(page, /quota-on-subscription-updated/);
    await button(letter, "Replay").click();
    await button(dialog(page), "Replay").click();
    await dialog(page).getByText("It failed again").waitFor();
    await button(dialog(page), "Cancel").click();
    await button(letter, "Drop").click();
    await dialog(page).getByLabel("Reason").fill("a test made it");
    await button(dialog(page), "Drop").click();
    await letter.waitFor({ state: "detached" });
    await takeScreenshots(page, ["/operator"]);
    await page.goto("/account");
    await panel(page, "Audit log").getByText("a test made it").waitFor();

    await removeSecondFactor(stack, olga.email, "she lost her phone");
    await signIn(page, olga.email, password, "/operator");
    await page.getByText("This page is for operators").waitFor();
    await page.goto("/account");
    await panel(page, "Audit log").getByText("she lost her phone").waitFor();
    await button(page, "Set it up").waitFor();
    expect(olga.complaints).toEqual([]);
    await olga.context.close();
  });
}
