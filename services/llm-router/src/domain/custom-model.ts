import type { Model } from "./models.ts";

/** The upstream, and the provider of callers' credentials, for endpoints of their own. */
export const customUpstream = "custom";

/** A model at a caller's own endpoint: all that is known of it is the name that the caller's credential is restricted to. */
export const customModel = (id: string): Model => ({
  id,
  family: customUpstream,
  ownedBy: customUpstream,
  created: 0,
  contextTokens: null,
  maxOutputTokens: null,
  price: null,
});
