import type { StripeCaller } from "./stripe-caller.ts";

export function openPortalSession(
  stripe: StripeCaller,
  customer: string,
  { returnUrl, configurationId }: { readonly returnUrl: string; readonly configurationId: string | undefined },
): Promise<string> {
  return stripe.call(
    async (sdk) =>
      (
        await sdk.billingPortal.sessions.create({
          customer,
          return_url: returnUrl,
          ...(configurationId === undefined ? {} : { configuration: configurationId }),
        })
      ).url,
  );
}
