import { listTiers } from "../../services/billing/src/domain/tier.ts";
import { tiersSchema, toApiTier } from "../../services/billing/src/routes/tier-schema.ts";

/** What `GET /api/tiers` answers where the regulated lineup is off: public pages are drawn from it before anybody asks. */
export const buildTiers = (): unknown =>
  tiersSchema.parse({ currency: "usd", tiers: listTiers({ regulatedLineup: false }).map(toApiTier) });
