import { describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { button, dialog, expectText, row } from "../find.ts";
import type { Here } from "../here.ts";
import { accessibilityProblems } from "../judge-page.ts";

/** Bob fills his slots, orders and revokes. */
export function tellOfProviderKeys(here: () => Here): void {
  describe("provider keys", () => {
    const add = async (page: Page, label: string): Promise<void> => {
      await button(page, "Add a key").first().click();
      await dialog(page).getByLabel("Provider").fill("sandbox");
      await dialog(page).getByLabel("Key", { exact: true }).fill(`sk-${label}-0123456789abcdef`);
      await dialog(page).getByLabel("Label").fill(label);
      await dialog(page).getByRole("button", { name: "Add a key" }).click();
    };

    test("fill the slots of the plan; one more is refused, with what to do", async () => {
      const { page } = here().bob;
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
      const { page } = here().bob;
      const labels = () => page.getByRole("region", { name: "Provider keys" }).getByRole("rowheader").allTextContents();
      expect(await labels()).toEqual(["first", "second"]);
      await button(page, "Try second earlier").click();
      await button(page, "Try first earlier").waitFor();
      expect(await labels()).toEqual(["second", "first"]);
    });

    test("get another label and are held to models, by the keyboard alone", async () => {
      const { page } = here().bob;
      await button(row(page, "second"), "Change").press("Enter");
      await dialog(page).getByLabel("Label").fill("work");
      await dialog(page).getByText("Models that it is limited to").press("Enter");
      await dialog(page).getByLabel("Models", { exact: true }).fill("sandbox-small\nsandbox-large");
      expect(await accessibilityProblems(page)).toEqual([]);
      await dialog(page).getByLabel("Label").press("Enter");
      await expectText(row(page, "work"), "2 models");
    });

    test("are revoked with a reason, which the audit log keeps", async () => {
      const { page } = here().bob;
      await page.getByRole("row", { name: /first/ }).getByRole("button", { name: "Revoke" }).click();
      await dialog(page).getByLabel("Reason").fill("left the company");
      await dialog(page).getByRole("button", { name: "Revoke" }).click();
      await page.getByRole("region", { name: "What happened" }).getByText("left the company").first().waitFor();
      await page.getByText("1 free").waitFor();
    });
  });
}
