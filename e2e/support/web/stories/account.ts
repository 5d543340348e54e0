import { describe, expect, test } from "@jest/globals";
import { button, dialog, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { mailedLink, newPerson, password, signIn, signUp, signOut } from "../site.ts";

const newPassword = "another password, longer still";
const newAddress = "dora.new@example.test";

/** Dora, who changes what she signs in with. */
export function tellOfAnAccount(here: () => Here): void {
  describe("somebody who changes how they sign in", () => {
    test("takes a new address once its link is followed, and signs in with it and with the old one no more", async () => {
      const dora = await newPerson(here(), "dora@example.test");
      const { page } = dora;
      await signUp(dora);
      await page.goto("/account");
      await button(page, "Change the address").click();
      await dialog(page).getByLabel("New address").fill(newAddress);
      await button(dialog(page), "Change the address").click();
      await page.getByText(`If nobody has it, a mail to ${newAddress} is on its way.`).waitFor();
      await panel(page, "Email").getByText(dora.email).waitFor();

      const link = await mailedLink(here().stack.mailDir, newAddress, "/confirm-email");
      const stranger = await newPerson(here(), "");
      await stranger.page.goto(link);
      await stranger.page.getByText("Sign in with the address that you have had so far.").waitFor();
      await stranger.context.close();
      await page.goto(link);
      await button(page, "Confirm it").waitFor();
      expect(new URL(page.url()).hash).toBe("");
      await button(page, "Confirm it").click();
      await page.getByText(`Your address is ${newAddress} now.`).waitFor();
      await page.getByRole("link", { name: "Go to your account" }).click();
      await panel(page, "Email").getByText(newAddress).waitFor();
      await page.goto(link);
      await button(page, "Confirm it").click();
      await dialog(page)
        .getByRole("alert")
        .getByText(/too old, or was used before/)
        .waitFor();

      await page.goto("/account");
      await signOut(page);
      await signIn(page, dora.email, password, "/account");
      await page.getByRole("alert").waitFor();
      await signIn(page, newAddress, password, "/account");
      await panel(page, "Email").getByText(newAddress).waitFor();
      expect(dora.complaints).toEqual([]);
      await dora.context.close();
    });

    test("takes a new password, which ends every other session of theirs", async () => {
      const [here_, there] = [await newPerson(here(), newAddress), await newPerson(here(), newAddress)];
      for (const { page } of [here_, there]) {
        await signIn(page, newAddress, password, "/account");
        await panel(page, "Email").getByText(newAddress).waitFor();
      }
      const { page } = here_;
      await button(page, "Change the password").click();
      await dialog(page).getByLabel("New password").pressSequentially("short");
      await button(dialog(page), "Change the password").click();
      expect(await dialog(page).count()).toBe(1);
      await dialog(page).getByLabel("New password").fill(newPassword);
      await button(dialog(page), "Change the password").click();
      await dialog(page).waitFor({ state: "detached" });
      await row(panel(page, "Where you are signed in"), /this one/).waitFor();
      expect(await panel(page, "Where you are signed in").getByRole("rowheader").count()).toBe(1);
      await panel(page, "Audit log").getByText("password.changed").waitFor();
      await there.page.goto("/account");
      await there.page.getByRole("heading", { name: "Sign in" }).waitFor();
      await signIn(there.page, newAddress, password, "/account");
      await there.page.getByRole("alert").waitFor();
      await signIn(there.page, newAddress, newPassword, "/account");
      await panel(there.page, "Email").getByText(newAddress).waitFor();
      await Promise.all([here_.context.close(), there.context.close()]);
    });
  });
}
