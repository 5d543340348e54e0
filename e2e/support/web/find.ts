import type { Locator, Page } from "playwright-core";
import { until } from "../eventually.ts";

export const heading = (page: Page, name: string | RegExp): Locator => page.getByRole("heading", { name, exact: true });
export const button = (place: Page | Locator, name: string): Locator =>
  place.getByRole("button", { name, exact: true });
export const dialog = (page: Page): Locator => page.getByRole("dialog");
/** The panel with this heading. */
export const panel = (page: Page, name: string): Locator => page.getByRole("region", { name, exact: true }).first();
/** The row of a table that is named so. */
export const row = (place: Page | Locator, name: string | RegExp): Locator =>
  place.getByRole("row").filter({ has: pageOf(place).getByRole("rowheader", { name }) });

const pageOf = (place: Page | Locator): Page => ("page" in place ? place.page() : place);

/** Waits until the place says all of it: what a click changes takes its time on a busy machine. */
export async function expectText(place: Pick<Locator, "textContent">, ...parts: string[]): Promise<void> {
  await until(
    `a text with ${parts.join(", ")}`,
    async () => (await place.textContent()) ?? "",
    (text) => parts.every((part) => text.includes(part)),
  );
}
