import { describe, expect, test } from "@jest/globals";
import type { Page } from "playwright-core";
import { button, dialog, heading, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { codeOf, newPerson, password, signOut } from "../site.ts";

const go = "Continue with Kennel ID";

/** At the provider, which asks who it is. */
async function sayWho(page: Page, who: string): Promise<void> {
  await page.getByLabel("Who are you?").fill(who);
  await button(page, "Sign in").click();
}

/** Emil, who has an account at an OIDC provider. */
export function tellOfAProvider(here: () => Here): void {
  describe("somebody whom a provider names", () => {
    test("signs up without a mail or a password, sets one, and unlinks the provider only then", async () => {
      const emil = await newPerson(here(), "emil@kennel.example");
      const { page } = emil;
      here().provider.people.set("emil", { email: emil.email });
      await page.goto("/sign-up");
      await button(page, go).click();
      await sayWho(page, "emil");
      await heading(page, "Make your first call").waitFor();
      expect(page.url()).toBe(`${here().stack.siteUrl}/welcome`);
      await page.goto("/account");
      const linked = row(panel(page, "Sign-in by Kennel ID"), emil.email);
      await button(linked, "Unlink").click();
      await button(dialog(page), "Unlink").click();
      await dialog(page)
        .getByRole("alert")
        .getByText(/set a password or add a passkey/)
        .waitFor();
      await button(dialog(page), "Cancel").click();
      await button(page, "Set a password").click();
      await dialog(page).getByLabel("New password").fill(password);
      await button(dialog(page), "Set a password").click();
      // While it is sent, the dialog's own button has that name, too.
      await dialog(page).waitFor({ state: "hidden" });
      await button(page, "Change the password").waitFor();
      await button(linked, "Unlink").click();
      await button(dialog(page), "Unlink").click();
      await panel(page, "Sign-in by Kennel ID").getByText("Not linked.").waitFor();
      await panel(page, "Audit log").getByText("identity.unlinked").waitFor();
      await button(page, "Link Kennel ID").click();
      await linked.waitFor();
      expect(emil.complaints).toEqual([]);
      await emil.context.close();
    });

    test("proves there who they are, when it is long ago, and is asked for a second factor here", async () => {
      const fay = await newPerson(here(), "fay@kennel.example");
      const { page } = fay;
      const { people } = here().provider;
      people.set("fay", { email: fay.email, provedAt: new Date(Date.now() - 3_600_000) });
      await page.goto("/sign-in?next=/account");
      await button(page, go).click();
      await sayWho(page, "fay");
      await button(page, "Set it up").click();
      const proof = page.getByRole("dialog", { name: "Prove that it is you" });
      people.set("fay", { email: fay.email });
      // A provider that does not say when is no proof: the page says what is one, and the session goes on.
      here().provider.isSilentOnTime = true;
      await button(proof, go).click();
      await page.getByText("does not say that you have just proved who you are").waitFor();
      expect(await page.getByRole("link", { name: "Set a password" }).getAttribute("href")).toBe("/reset");
      here().provider.isSilentOnTime = false;
      await page.goto("/account");
      await button(page, "Set it up").click();
      await button(proof, go).click();
      await sayWho(page, "fay");
      await button(page, "Set it up").click();
      const uri = (await page.locator("[data-totp-uri]").textContent()) ?? "";
      await dialog(page).getByLabel("Code", { exact: true }).fill(codeOf(uri, Date.now()));
      await button(dialog(page), "Confirm").click();
      const recovery = ((await dialog(page).locator("pre").textContent()) ?? "").split("\n")[0] ?? "";
      await button(page, "I have kept them").click();
      await signOut(page);
      await page.goto("/sign-in?next=/account");
      await button(page, go).click();
      await page.getByText("Your account has a second factor.").waitFor();
      await page.getByLabel("Code of your authenticator app").fill("000000");
      await button(page, "Sign in").click();
      await page
        .getByRole("alert")
        .getByText(/code is wrong/)
        .waitFor();
      await page.getByLabel("Code of your authenticator app").fill(recovery);
      await button(page, "Sign in").click();
      await page.getByText("It is set up").waitFor();
      await page.goBack();
      expect(page.url()).not.toContain("code=");
      expect(fay.complaints).toEqual([]);
      await fay.context.close();
    });

    test("who declines there is told so, and so is who comes without an answer", async () => {
      const gus = await newPerson(here(), "gus@kennel.example");
      const { page } = gus;
      await page.goto("/sign-in");
      await button(page, go).click();
      await sayWho(page, "declines");
      await page.getByText("You did not sign in at the provider.").waitFor();
      await page.getByRole("link", { name: "Go to sign-in" }).click();
      await heading(page, "Sign in").waitFor();
      await page.goto(`/oidc?code=x&state=${"x".repeat(43)}`);
      await page
        .getByRole("alert")
        .getByText(/not accepted/)
        .waitFor();
      await page.goto("/oidc");
      await page.getByText("This page is for coming back from your provider.").waitFor();
      await gus.context.close();
    });
  });
}
