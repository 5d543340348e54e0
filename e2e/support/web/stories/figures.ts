import { expect, test } from "@jest/globals";
import type { Here } from "../here.ts";
import { evaluateOutside } from "../judge-page.ts";
import { newPerson, openPage } from "../site.ts";

/** Figures that stand on more than one line. */
const brokenFigures = `JSON.stringify([...document.querySelectorAll("dd, td, .num")]
  .filter((place) => place.childElementCount === 0 && /^\\$?[\\d,.]+$/.test(place.textContent))
  .filter((place) => {
    const words = document.createRange();
    words.selectNodeContents(place);
    return words.getClientRects().length > 1;
  })
  .map((place) => place.textContent))`;

/** Somebody with a narrow phone. */
export function tellOfFigures(here: () => Here): void {
  test("a figure is on one line, however narrow the page", async () => {
    const { page, context } = await newPerson(here(), "");
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ["/", "/pricing"]) {
      await openPage(page, path);
      expect([path, await evaluateOutside(page, brokenFigures)]).toEqual([path, "[]"]);
    }
    await context.close();
  });
}
