import { join } from "node:path";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { accessibilityProblems, scrollsSideways } from "./judge-page.ts";
import { openPage } from "./site.ts";

/** Kept for people to look at. */
export const artefacts = join(import.meta.dirname, "../../../.topdog/screenshots");

type Theme = "light" | "dark";
type Look = readonly [width: number, height: number, theme: Theme];

const desktopLight: Look = [1280, 800, "light"];
const phoneDark: Look = [390, 844, "dark"];
/** Each size and each theme once; with `EVERY_LOOK`, as each night, each size in each theme. */
const looks: readonly Look[] =
  process.env["EVERY_LOOK"] === "1"
    ? [desktopLight, [390, 844, "light"], [1280, 800, "dark"], phoneDark]
    : [desktopLight, phoneDark];

/**
 * Every page on a desktop and on a phone, in both themes: kept, and judged. A page is opened once: themes and sizes change under it, after
 * `onOpen` has looked at it.
 */
export async function takeScreenshots(
  page: Page,
  paths: readonly string[],
  onOpen: (path: string) => Promise<void> = async () => undefined,
): Promise<void> {
  for (const path of paths) {
    await look(page, desktopLight);
    await openPage(page, path);
    await onOpen(path);
    for (const one of looks) {
      const [width, , theme] = one;
      await look(page, one);
      const whose = path.includes("?org=") ? "org-" : "";
      const name = `${whose}${path.split("?")[0]?.slice(1).replaceAll("/", "-") || "landing"}-${width}-${theme}.jpg`;
      await page.screenshot({ path: join(artefacts, name), fullPage: true, type: "jpeg", quality: 80 });
      expect([path, width, await scrollsSideways(page)]).toEqual([path, width, false]);
      expect([path, width, theme, ...(await accessibilityProblems(page))]).toEqual([path, width, theme]);
    }
  }
}

async function look(page: Page, [width, height, colorScheme]: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
}
