import { describe, test } from "@jest/globals";
import { button, dialog, expectText, heading, panel } from "../find.ts";
import type { Here } from "../here.ts";
import { payCheckout } from "../site.ts";

/** Ada buys, changes, cancels and takes back. */
export function tellOfMoney(here: () => Here): void {
  describe("money", () => {
    test("a plan is bought by a checkout, and counts as soon as it is paid", async () => {
      const { page } = here().ada;
      await page.goto("/pricing");
      await page.getByRole("link", { name: "Choose Pro", exact: true }).click();
      await button(page, "Go to checkout").click();
      await payCheckout(here().ada);
      await heading(page, "Pro").waitFor();
      await panel(page, "Invoices").getByText("Paid", { exact: true }).waitFor();
      await expectText(panel(page, "Invoices"), "$29");
    });

    test("an upgrade says what is charged now, and is charged", async () => {
      const { page } = here().ada;
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
      const { page } = here().ada;
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
      const { page } = here().ada;
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
      const { page } = here().ada;
      await button(page, "Cancel the plan").click();
      await dialog(page).getByRole("button", { name: "Cancel the plan" }).click();
      await page.getByText(/^Cancelled: it ends on/).waitFor();
      await button(page, "Take it back").click();
      await page.getByText(/^Cancelled: it ends on/).waitFor({ state: "detached" });
    });

    test("cards and addresses are changed at the payment provider, who sends one back", async () => {
      const { page } = here().ada;
      await button(page, "Cards, addresses, tax ids").click();
      const subscriptions = page.getByRole("heading", { name: "Your subscriptions" });
      await subscriptions.waitFor({ state: "attached" });
      // Another site's page has come up without a size once, where other windows were in front.
      await page.bringToFront();
      await subscriptions.waitFor();
      await page.getByRole("link", { name: "Go back" }).click();
      await heading(page, "Pro Plus").waitFor();
    });
  });
}
