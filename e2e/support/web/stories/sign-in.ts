import { describe, expect, test } from "@jest/globals";
import { databaseOf } from "@topdog/contracts/services";
import { adminQuery } from "../../ledger.ts";
import { button, dialog, heading, panel, row } from "../find.ts";
import type { Here } from "../here.ts";
import { addAuthenticator, callModel, createFirstKey, newPerson, password, signIn, signUp, signOut } from "../site.ts";

const newPassword = "another password, longer still";

/** Carol, who uses up her day, and comes back by every way there is. */
export function tellOfSigningIn(here: () => Here): void {
  describe("somebody who comes back", () => {
    test("is told where it matters that the day's limit is used up, with what to do", async () => {
      const carol = await newPerson(here(), "carol@example.test");
      await signUp(carol);
      const { page } = carol;
      const key = await createFirstKey(page);
      for (let call = 0; call < 40; call += 1) expect(await callModel(here(), key)).toBe(200);
      await button(page, "Run").click();
      await page.getByRole("alert").getByText(/limit/i).first().waitFor();
      await page.getByRole("link", { name: "Go to the dashboard" }).click();
      await page.getByText("Your LLM requests of today are used up.").waitFor();
      await page.getByRole("link", { name: "See larger plans" }).waitFor();
      await carol.context.close();
    });

    test("sets a new password by mail, and signs in with it", async () => {
      const carol = await newPerson(here(), "carol@example.test");
      const { page } = carol;
      await page.goto("/sign-in");
      await page.getByRole("link", { name: "Forgot your password?" }).click();
      // The page that was left has a field of this name too, and stands until the next one has loaded.
      await heading(page, "Set a new password").waitFor();
      await page.getByLabel("Email").fill(carol.email);
      await button(page, "Send me the link").click();
      await page.getByRole("link", { name: "Open the link" }).click();
      await page.getByLabel("New password").fill(newPassword);
      await button(page, "Set password and sign in").click();
      await page.getByRole("heading", { name: "Make your first call" }).waitFor();
      await signOut(page);
      await signIn(page, carol.email, password, "/account");
      await page.getByRole("alert").waitFor();
      await signIn(page, carol.email, newPassword, "/account");
      await page.getByRole("heading", { name: "Account" }).waitFor();
      await carol.context.close();
    });

    test("signs out, and somebody else signs in, in every window of the browser at once", async () => {
      const { page, context } = await newPerson(here(), "carol@example.test");
      await signIn(page, "carol@example.test", newPassword, "/account");
      await heading(page, "Account").waitFor();
      const other = await context.newPage();
      await other.goto("/keys");
      await other.getByRole("banner").getByText("carol@example.test").waitFor();
      await signOut(page);
      await heading(other, "Sign in").waitFor();

      const { email } = here().bob;
      await signIn(page, email, password, "/account");
      await other.getByRole("banner").getByRole("link", { name: "Dashboard" }).click();
      await other.getByRole("banner").getByText(email).waitFor();
      expect(await other.content()).not.toContain("carol@example.test");
      await context.close();
    });

    test("signs in with a passkey, and with it no more once it is removed", async () => {
      const carol = await newPerson(here(), "carol@example.test");
      const { page } = carol;
      const authenticator = await addAuthenticator(page);
      await signIn(page, carol.email, newPassword, "/account");
      await button(page, "Add a passkey").click();
      await dialog(page).getByLabel("Name").fill("laptop");
      await button(dialog(page), "Add a passkey").click();
      await row(page, "laptop").waitFor();
      expect(await authenticator.countCredentials()).toBe(1);
      await signOut(page);
      await page.goto("/sign-in?next=/account");
      await button(page, "Sign in with a passkey").click();
      await button(row(page, "laptop"), "Remove").click();
      await button(dialog(page), "Remove").click();
      await page.getByText("No passkey yet.").waitFor();
      await signOut(page);
      await page.goto("/sign-in");
      await button(page, "Sign in with a passkey").click();
      await dialog(page).getByRole("alert").waitFor();
      await carol.context.close();
    });

    test("is asked who they are before what is sensitive, when they proved it long ago", async () => {
      const { ada, stack } = here();
      const { page } = ada;
      const database = databaseOf("org-registry");
      await adminQuery(
        { quotaDatabaseUrl: stack.postgres.url(database) },
        "update session set authenticated_at = now() - interval '1 hour'",
      );
      // Gateways keep sessions in memory.
      await stack.restartService("gateway");
      await page.goto("/account");
      await button(page, "Add a passkey").click();
      await dialog(page).getByLabel("Name").fill("phone");
      await button(dialog(page), "Add a passkey").click();
      const proof = page.getByRole("dialog", { name: "Prove that it is you" });
      await proof.getByLabel("Password").fill(password);
      await addAuthenticator(page);
      await button(proof, "Go on").click();
      await row(page, "phone").waitFor();
      await panel(page, "Where you are signed in").getByText("this one").waitFor();
    });
  });
}
