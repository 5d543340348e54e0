import { expect, test } from "@jest/globals";
import { button, dialog, heading, row } from "../find.ts";
import type { Here } from "../here.ts";
import { scrollsSideways } from "../judge-page.ts";
import { newPerson, openPage, signUp } from "../site.ts";

const longest = "W".repeat(100);

/** Lou, whose things have names as long as a name may be, without a blank in them. */
export function tellOfLongNames(here: () => Here): void {
  test("a name as long as a name may be breaks no page, and leaves what can be done in reach", async () => {
    const lou = await newPerson(here(), "lou@example.test");
    const { page } = lou;
    await signUp(lou);
    await page.goto("/org");
    await page.getByLabel("Name").fill(longest);
    await button(page, "Make an org").click();
    await heading(page, longest).waitFor();
    const inOrg = new URL(page.url()).search;
    await page.goto("/keys");
    await button(page, "New key").click();
    await dialog(page).getByLabel("Name").fill(longest);
    await button(dialog(page), "New key").click();
    await button(page, "I have it").click();
    await row(page, longest).waitFor();
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const path of ["/keys", "/org", `/org${inOrg}`, `/dashboard${inOrg}`]) {
        await openPage(page, path);
        expect([path, width, await scrollsSideways(page)]).toEqual([path, width, false]);
      }
      await openPage(page, "/keys");
      const box = await button(row(page, longest), "Revoke").boundingBox();
      expect((box?.x ?? width) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
    await lou.context.close();
  });
}
