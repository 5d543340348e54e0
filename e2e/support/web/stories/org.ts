import { describe, expect, test } from "@jest/globals";
import { until } from "../../eventually.ts";
import { button, dialog, expectText, heading, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { accessibilityProblems } from "../judge-page.ts";
import { callModel, mailedLink, payCheckout } from "../site.ts";

/** Ada's org, which Bob joins. */
export function tellOfAnOrg(here: () => Here): void {
  describe("an org", () => {
    test("buys seats, invites, and gives a seat to who accepts", async () => {
      const { ada, bob, stack } = here();
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
      await button(dialog(page), "Invite").click();
      await panel(page, "Invitations").getByRole("rowheader", { name: bob.email }).waitFor();
      await bob.page.goto(await mailedLink(stack.mailDir, bob.email, "/invitation"));
      await bob.page.getByText("Analytical Engines invites you to join as member.").waitFor();
      await button(bob.page, "Accept").click();
      await bob.page.getByText("You are a member now.").waitFor();
      // Nobody reloads: the page hears of it.
      await panel(page, "Members").getByRole("rowheader", { name: bob.email }).waitFor();
      await page.getByText("2 of 4 taken").waitFor();
    });

    test("shows a member's own limits and the org's bucket behind them", async () => {
      const { page } = here().bob;
      await page.getByRole("link", { name: "Go to the org" }).click();
      await page.getByRole("link", { name: "Dashboard" }).click();
      await page.getByRole("meter", { name: "API calls, org bucket" }).waitFor();
      await expectText(panel(page, "Today"), "of 1,600", "of 600");
      await page.getByRole("link", { name: "Provider keys" }).click();
      await page.getByText("The org's owner and admins manage its pool").waitFor();
      expect(await button(page, "Add a key").count()).toBe(0);
    });

    test("has callers that are no people: they charge its bucket, which is seen at once", async () => {
      const { page } = here().ada;
      const accounts = panel(page, "Service accounts");
      await button(accounts, "New service account").click();
      await dialog(page).getByLabel("Name").fill("nightly build");
      await button(dialog(page), "New service account").click();
      await button(row(page, "nightly build"), "New key").click();
      await dialog(page).getByLabel("Name of the key").fill("nightly");
      await button(dialog(page), "New key").click();
      const key = (await page.locator("[data-secret]").textContent()) ?? "";
      await button(page, "I have it").click();
      await panel(page, "Shared by all").getByText("1,600 left").waitFor();
      expect(await callModel(here(), key)).toBe(200);
      await panel(page, "Shared by all").getByText("1,599 left").waitFor();
      await panel(page, "Daily usage").getByText("Callers today").waitFor();

      const deny = async (models: string): Promise<void> => {
        await button(page, "Change the rules").click();
        await dialog(page).getByLabel("Never these models").fill(models);
        await button(dialog(page), "Change the rules").click();
        await dialog(page).waitFor({ state: "detached" });
      };
      const call = () => callModel(here(), key);
      await deny("sandbox-small");
      await panel(page, "Models and providers").getByText("sandbox-small").waitFor();
      await until("the rule counts", call, (status) => status === 403 || status === 404, { intervalMs: 200 });
      await deny("");
      await until("the rule counts no more", call, (status) => status === 200, { intervalMs: 200 });
    });

    test("limits the calls a day of a member, who is refused above that", async () => {
      const { ada, bob } = here();
      await bob.page.getByRole("link", { name: "API keys" }).click();
      await button(bob.page, "New key").click();
      await dialog(bob.page).getByLabel("Name").fill("editor");
      await button(dialog(bob.page), "New key").click();
      const key = (await bob.page.locator("[data-secret]").textContent()) ?? "";
      await button(bob.page, "I have it").click();
      await row(bob.page, "editor").waitFor();
      const member = row(panel(ada.page, "Members"), bob.email);
      await button(member, "Limit").click();
      await dialog(ada.page).getByLabel("Calls a day at most").fill("2");
      await button(dialog(ada.page), "Save").click();
      await member.getByText("2 calls a day").waitFor();
      const call = () => callModel(here(), key);
      await until("the ceiling is reached", call, (status) => status === 429, { intervalMs: 200 });
    });

    test("keeps a provider key for chosen models and members, and opens it to everybody", async () => {
      const { ada, bob } = here();
      await ada.page.getByRole("link", { name: "Provider keys" }).click();
      await button(ada.page, "Add a key").click();
      await dialog(ada.page).getByLabel("Provider").fill("sandbox");
      await dialog(ada.page).getByLabel("Key", { exact: true }).fill("sk-pool-0123456789abcdef");
      await dialog(ada.page).getByLabel("Label").fill("research");
      await dialog(ada.page).getByText("Models and members").click();
      await dialog(ada.page).getByLabel("Models", { exact: true }).fill("sandbox-large");
      await dialog(ada.page).getByText("Of those I tick").click();
      await dialog(ada.page).getByLabel(bob.email).check();
      expect(await accessibilityProblems(ada.page)).toEqual([]);
      await button(dialog(ada.page), "Add a key").click();
      await expectText(row(ada.page, "research"), "sandbox-large, one member");
      await button(row(ada.page, "research"), "Change").click();
      expect(await dialog(ada.page).getByLabel(bob.email).isChecked()).toBe(true);
      await dialog(ada.page).getByText("Every member's").click();
      await button(dialog(ada.page), "Save").click();
      await row(ada.page, "research").getByText("sandbox-large", { exact: true }).waitFor();
    });

    test("limits the calls a day of a key, which its holder sees and cannot lift", async () => {
      const { ada, bob } = here();
      await ada.page.getByRole("link", { name: "API keys" }).click();
      const key = row(ada.page, "editor");
      await button(key, "Limit").click();
      await dialog(ada.page).getByLabel("Calls a day at most").fill("0");
      await button(dialog(ada.page), "Save").click();
      expect(await dialog(ada.page).count()).toBe(1);
      await dialog(ada.page).getByLabel("Calls a day at most").fill("7");
      await button(dialog(ada.page), "Save").click();
      await key.getByText("7 calls a day, set by the org").waitFor();
      // Nobody reloads: the page hears of it.
      await row(bob.page, "editor").getByText("7 calls a day, set by the org").waitFor();
      expect(await button(row(bob.page, "editor"), "Limit").count()).toBe(0);
      await button(key, "Limit").click();
      await dialog(ada.page).getByLabel("Calls a day at most").fill("");
      await button(dialog(ada.page), "Save").click();
      await key.getByText("set by the org").waitFor({ state: "detached" });
      await ada.page.getByRole("link", { name: "Org", exact: true }).click();
    });

    test("changes its seats: fewer come when the period ends", async () => {
      const { page } = here().ada;
      await page.getByRole("link", { name: "Billing" }).click();
      await page.getByText("That is what you have.").waitFor();
      await page.getByLabel("Seats").fill("3");
      await button(page, "See what it costs").click();
      await button(page, "Schedule the change").click();
      await dialog(page).getByText("The change is scheduled.").waitFor();
      await button(dialog(page), "Close").click();
      await page.getByText(/^From .*: Teams, 3 seats/).waitFor();
    });
  });
}
