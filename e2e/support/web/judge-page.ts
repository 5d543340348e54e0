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
async function evaluateOutside(page: Page, ...expressions: string[]): Promise<string> {
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

/** What axe finds wrong with the page as it stands, each with its element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const run = "axe.run(document).then(({ violations }) => JSON.stringify({ violations }))";
  const { violations } = JSON.parse(await evaluateOutside(page, `${axe.source};1`, run)) as AxeResult;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => {
      const why = failureSummary.split("\n")[1]?.trim() ?? "";
      return `${id}: ${html.slice(0, maxHtmlLength)} (${why})`;
    }),
  );
}

export interface PaintFigures {
  readonly largestPaintMs: number;
  readonly layoutShift: number;
}

const paintExpression = `(async () => {
  const seen = { largestPaintMs: 0, layoutShift: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.largestPaintMs = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.layoutShift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  await new Promise((resolve) => setTimeout(resolve, 200));
  return JSON.stringify(seen);
})()`;

/** How soon the largest thing of a page stood there, and how much moved after that. */
export const paintFigures = async (page: Page): Promise<PaintFigures> =>
  JSON.parse(await evaluateOutside(page, paintExpression)) as PaintFigures;

export const scrollsSideways = async (page: Page): Promise<boolean> =>
  (await evaluateOutside(page, "document.documentElement.scrollWidth > innerWidth")) === "true";
