import { join } from "node:path";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { accessibilityProblems, scrollsSideways } from "./judge-page.ts";
import { openPage } from "./site.ts";

/** Kept for people to look at. */
export const artefacts = join(import.meta.dirname, "../../../.topdog/screenshots");

const sizes = [
  [1280, 800],
  [390, 844],
] as const;

/** Every page in both themes on a desktop and a phone: kept, and judged. A page is opened once: themes and sizes change under it. */
export async function takeScreenshots(page: Page, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await page.setViewportSize({ width: sizes[0][0], height: sizes[0][1] });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await openPage(page, path);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const [width, height] of sizes) {
        await page.setViewportSize({ width, height });
        const whose = path.includes("?org=") ? "org-" : "";
        const name = `${whose}${path.split("?")[0]?.slice(1).replaceAll("/", "-") || "landing"}-${width}-${colorScheme}.jpg`;
        await page.screenshot({ path: join(artefacts, name), fullPage: true, type: "jpeg", quality: 80 });
        expect([path, width, await scrollsSideways(page)]).toEqual([path, width, false]);
        // A theme changes colours, a size the layout.
        const scrutiny = colorScheme === "light" ? "everything" : "colours";
        if (scrutiny === "everything" || width === sizes[0][0])
          expect([path, width, ...(await accessibilityProblems(page, scrutiny))]).toEqual([path, width]);
      }
    }
  }
}
