import { describe, expect, test } from "@jest/globals";
import { until } from "../../eventually.ts";
import { button, expectText, heading, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { callModel, createFirstKey, signUp } from "../site.ts";

/** From a visitor to somebody whose calls are seen as they happen. */
export function tellOfTheFirstCall(here: () => Here): void {
  describe("from signing up to an answer", () => {
    let key = "";

    test("takes one mail, one key and one click, and the answer streams", async () => {
      const { page } = here().ada;
      await signUp(here().ada);
      key = await createFirstKey(page);
      expect(key).toMatch(/^td_/);
      await expectText(page.getByRole("region", { name: "2. Your client" }), "td_", "/v1/chat/completions");
      await button(page, "Run").click();
      await page.getByText("Charged to your own limit. 39 LLM requests left today.").waitFor();
      await expectText(page.getByLabel("Answer"), "Sandbox reply");
      expect(new URL(page.url()).hash).toBe("");
    });

    test("shows the call on the dashboard, by whatever made it, and the key never again", async () => {
      const { page } = here().ada;
      await page.getByRole("link", { name: "Go to the dashboard" }).click();
      await page.getByRole("meter", { name: "LLM requests, yours" }).waitFor();
      await expectText(panel(page, "Today"), "of 75", "39 left", "at 00:00 UTC");
      const history = panel(page, "History");
      await history.getByRole("rowheader", { name: "sandbox-" }).first().waitFor();
      await history.getByLabel("by", { exact: true }).selectOption("key");
      await history.getByRole("rowheader", { name: "My first key" }).first().waitFor();
      await history.getByText("24 hours").click();
      await history.getByRole("rowheader", { name: /:00$/ }).nth(23).waitFor({ state: "attached" });
      const csv = await page.request.get(
        (await history.getByRole("link", { name: "Download CSV" }).getAttribute("href")) ?? "",
      );
      expect((await csv.text()).split("\r\n")[0]).toMatch(/^at,keyId,calls/);
      expect(await page.locator("[data-secret]").count()).toBe(0);
    });

    test("shows the next call as it happens; when the line breaks it says so, and catches up", async () => {
      const { page, context } = here().ada;
      await panel(page, "Today").getByText("Live", { exact: true }).waitFor();
      expect(await callModel(here(), key)).toBe(200);
      await panel(page, "Today").getByText("38 left").waitFor();
      await context.setOffline(true);
      await panel(page, "Today").getByText("Reconnecting").waitFor();
      expect(await callModel(here(), key)).toBe(200);
      await context.setOffline(false);
      await panel(page, "Today").getByText("37 left").waitFor();
      await panel(page, "Today").getByText("Live", { exact: true }).waitFor();
    });

    test("two people beside each other never see each other's things", async () => {
      const { ada, bob } = here();
      await signUp(bob);
      await ada.page.goto("/org");
      await ada.page.getByLabel("Name").fill("Analytical Engines");
      await button(ada.page, "Make an org").click();
      await heading(ada.page, "Analytical Engines").waitFor();
      await ada.page.getByText("On Free an org has its owner's seat").waitFor();
      await panel(ada.page, "Shared by all").getByText("The org's plan shares nothing.").waitFor();
      const orgPath = new URL(ada.page.url()).pathname + new URL(ada.page.url()).search;
      await bob.page.goto("/keys");
      await bob.page.getByText("No key yet").waitFor();
      for (const path of ["/org", "/keys", "/byok", "/billing", "/dashboard"]) {
        await bob.page.goto(orgPath.replace("/org", path));
        await bob.page.getByRole("alert").first().waitFor();
        expect(await bob.page.content()).not.toContain("Analytical");
      }
      const workspace = bob.page.getByLabel("Workspace");
      await workspace.getByRole("option", { name: "An org that is not yours" }).waitFor({ state: "attached" });
      expect(await workspace.inputValue()).toMatch(/^org_/);
      await workspace.selectOption({ label: "Personal" });
      await panel(bob.page, "Today").getByText("of 75").waitFor();
    });
  });

  describe("a key", () => {
    test("is held to models and addresses, gets a new secret, and is revoked", async () => {
      const { page } = here().ada;
      await page.goto("/keys");
      await button(page, "New key").click();
      await page.getByRole("dialog").getByLabel("Name").fill("CI");
      await page.getByRole("dialog").getByText("Models and addresses").click();
      await page.getByRole("dialog").getByLabel("Models", { exact: true }).fill("sandbox-small\nsandbox-large");
      await page.getByRole("dialog").getByLabel("Addresses").fill("192.0.2.0/24");
      await button(page.getByRole("dialog"), "New key").click();
      const first = (await page.locator("[data-secret]").textContent()) ?? "";
      await button(page, "I have it").click();
      await expectText(row(page, "CI"), "2 models", "one address range");
      expect(await callModel(here(), first)).toBe(403);

      await button(row(page, "CI"), "Change").click();
      await page.getByRole("dialog").getByLabel("Addresses").fill("");
      await button(page.getByRole("dialog"), "Save").click();
      await row(page, "CI").getByText("2 models", { exact: true }).waitFor();
      await until(
        "the change is known to the gateway",
        () => callModel(here(), first),
        (status) => status === 200,
      );

      await button(row(page, "CI"), "Rotate").click();
      await button(page.getByRole("dialog"), "Rotate").click();
      await page.getByText("not shown again").waitFor();
      const second = (await page.locator("[data-secret]").textContent()) ?? "";
      expect(second).not.toBe(first);
      await button(page, "I have it").click();
      await row(page, "CI")
        .getByText(/^Old secret ends/)
        .waitFor();
      expect([await callModel(here(), first), await callModel(here(), second)]).toEqual([200, 200]);

      await button(row(page, "CI"), "Revoke").click();
      await button(page.getByRole("dialog"), "Revoke").click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      const statuses = async () => [await callModel(here(), first), await callModel(here(), second)];
      await until("both secrets are refused", statuses, (both) => both.every((status) => status === 401));
      await row(page, "CI").waitFor({ state: "detached" });
    });
  });
}
