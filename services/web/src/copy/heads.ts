import catalogue from "../api/tiers.json" with { type: "json" };
import errors from "../api/errors.json" with { type: "json" };
import type { PublicPageId } from "../domain/page-paths.ts";

export interface PageHead {
  readonly title: string;
  /** Null: search engines are asked to leave the page out. */
  readonly description: string | null;
  /** Structured data, as schema.org names it. */
  readonly structured: readonly Readonly<Record<string, unknown>>[];
}

const { tiers } = catalogue;
const usd = tiers.map(({ price }) => price.month.perMonthCents / 100);
const discountPercent = Math.max(...tiers.map(({ price }) => price.year?.discountPercent ?? 0));

const organization = { "@context": "https://schema.org", "@type": "Organization", name: "Top Dog" };
const application = {
  "@context": "https://schema.org",
  "@type": "SoftwareApplication",
  name: "Top Dog",
  applicationCategory: "DeveloperApplication",
  operatingSystem: "Any",
  offers: {
    "@type": "AggregateOffer",
    priceCurrency: "USD",
    lowPrice: String(Math.min(...usd)),
    highPrice: String(Math.max(...usd)),
    offerCount: String(tiers.length),
  },
};

export const pageHeads: Readonly<Record<PublicPageId, PageHead>> = {
  landing: {
    title: "Top Dog: one LLM API that fails over, and counts every call once",
    description:
      "An OpenAI- and Anthropic-compatible API over many providers. Failover before the first token, exact daily limits, your own keys first, one bill. Free to start.",
    structured: [organization, application],
  },
  pricing: {
    title: "Pricing: Free to Enterprise | Top Dog",
    description: `${tiers.length} plans from $0. API calls, LLM requests, BYOK slots and the shared org bucket of each, side by side. Billed annually, ${discountPercent} % less.`,
    structured: [application],
  },
  guide: {
    title: "Docs: your first call in a minute | Top Dog",
    description:
      "Point any OpenAI or Anthropic client at Top Dog: base URL, keys, streaming, limits and headers, bring your own key, errors.",
    structured: [],
  },
  errors: {
    title: "Every error, and what to do about it | Top Dog",
    description: `${errors.length} error codes that never change their meaning: status, whether to try again, and what to do next. For the OpenAI and the Anthropic dialect and the account API.`,
    structured: [],
  },
  status: {
    title: "Status | Top Dog",
    description: "Whether the LLM API, accounts, billing and providers of Top Dog work at this moment.",
    structured: [],
  },
  terms: {
    title: "Plan terms | Top Dog",
    description: "What the plans of Top Dog include: how limits, seats, annual billing, downgrades and BYOK work.",
    structured: [],
  },
};

/** Of pages that are for who is signed in. */
export const shellHead: PageHead = { title: "Top Dog", description: null, structured: [] };
