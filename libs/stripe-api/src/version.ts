/** The version of Stripe's API that we write and read. A new major version of `stripe` moves shapes: change both together. */
export const stripeApiVersion = "2026-10-28.endive";

/** The version of the `stripe` package that was generated from it; the catalogue of pnpm-workspace.yaml pins the same. */
export const stripeSdkVersion = "23.1.0";
