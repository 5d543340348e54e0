import axe from "axe-core";
import type { Page } from "playwright-core";

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const maxHtmlLength = 160;

/** What a script of the test's own says about the page. It runs outside the page's policy, as a debugger's does. */
export async function evaluateOutside(page: Page, ...expressions: string[]): Promise<string> {
  const session = await page.context().newCDPSession(page);
  let said: unknown = "";
  for (const expression of expressions) {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    said = result.value;
  }
  await session.detach();
  return String(said);
}

const axeOptions = JSON.stringify({ resultTypes: ["violations"] });

/** What axe finds wrong with the page as it stands, each with its element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const run = `axe.run(document, ${axeOptions}).then(({ violations }) => JSON.stringify({ violations }))`;
  // A page that was looked at before still has it.
  const isThere = (await evaluateOutside(page, "typeof axe")) !== "undefined";
  const scripts = isThere ? [run] : [`${axe.source};1`, run];
  const { violations } = JSON.parse(await evaluateOutside(page, ...scripts)) as AxeResult;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => {
      const why = failureSummary.split("\n")[1]?.trim() ?? "";
      return `${id}: ${html.slice(0, maxHtmlLength)} (${why})`;
    }),
  );
}

const entriesOf = (type: string, reading: string): string => `(async () => {
  let seen = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) ${reading};
  }).observe({ type: "${type}", buffered: true });
  await new Promise((resolve) => setTimeout(resolve, 200));
  return seen;
})()`;

/** How many square pixels the largest thing has that was painted so far; 0 before anything was. */
export const largestPaint = async (page: Page): Promise<number> =>
  Number(await evaluateOutside(page, entriesOf("largest-contentful-paint", "seen = entry.size")));

/** How much moved by itself. */
export const layoutShift = async (page: Page): Promise<number> =>
  Number(await evaluateOutside(page, entriesOf("layout-shift", "if (!entry.hadRecentInput) seen += entry.value")));

export const scrollsSideways = async (page: Page): Promise<boolean> =>
  (await evaluateOutside(page, "document.documentElement.scrollWidth > innerWidth")) === "true";

/** How far down somebody is in the page, in pixels. */
export const scrollTop = async (page: Page): Promise<number> => Number(await evaluateOutside(page, "scrollY"));
