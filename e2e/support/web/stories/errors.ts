import { expect, test } from "@jest/globals";
import { request } from "undici";
import { expectText, heading } from "../find.ts";
import type { Here } from "../here.ts";
import { largestPaint, layoutShift, scrollTop } from "../judge-page.ts";
import { holdScripts, newPerson } from "../site.ts";

/** Somebody whose program was refused. */
export function tellOfErrors(here: () => Here): void {
  test("the type of a problem leads to what it means, marked in a page of all that can be searched", async () => {
    const { stack } = here();
    const refused = await request(`${stack.urls.gateway[0]}/api/usage`);
    const { type, code } = (await refused.body.json()) as { type: string; code: string };
    const { page, context, complaints } = await newPerson(here(), "");
    const release = await holdScripts(page);
    await page.goto(type, { waitUntil: "commit" });
    await heading(page, code).waitFor();
    expect(await largestPaint(page)).toBeGreaterThan(0);
    release();
    const marked = page.locator("li:target");
    await expectText(marked, code, "You are not signed in.", "Sign in, or send an API key");
    await page.waitForLoadState("load");
    expect(await layoutShift(page)).toBe(0);
    expect(await scrollTop(page)).toBeGreaterThan(0);

    await page.getByLabel("Search").fill("Ceiling DAILY");
    await expectText(page.getByRole("status"), "1 of ");
    expect(await page.getByRole("listitem").filter({ visible: true }).count()).toBe(1);
    await heading(page, "daily_ceiling_reached").getByRole("link").click();
    await expectText(marked, "The ceiling of calls a day");
    await page.getByLabel("Search").fill("no such thing");
    await expectText(page.getByRole("status"), "No error has all of these words.");
    expect(complaints).toEqual([]);
    await context.close();
  });
}
