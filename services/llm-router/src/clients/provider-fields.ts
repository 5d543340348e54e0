import { httpUrl } from "@topdog/config/address";
import { type Secret, secretSchema } from "@topdog/config/secret";
import { providerPrefixes } from "@topdog/contracts/providers";
import type { z } from "zod";
import { builtInProviders } from "./providers/built-in.ts";
import type { BuiltInProvider } from "./providers/built-in-provider.ts";
import type { ProviderSetting } from "./upstream-pool.ts";

const keyName = ({ id }: BuiltInProvider) => `${providerPrefixes[id]}_API_KEY` as const;
const urlName = ({ id }: BuiltInProvider) => `${providerPrefixes[id]}_BASE_URL` as const;

type Fields = Record<ReturnType<typeof keyName>, z.ZodOptional<typeof secretSchema>> &
  Record<ReturnType<typeof urlName>, z.ZodDefault<typeof httpUrl>>;

/** One secret for each provider switches it on. */
export const providerFields = (): Fields =>
  Object.fromEntries(
    builtInProviders.flatMap((provider) => [
      [keyName(provider), secretSchema.optional().describe(`Adds the upstream ${provider.id} and its models`)],
      [urlName(provider), httpUrl.default(provider.baseUrl).describe(`Base URL of the upstream ${provider.id}`)],
    ]),
  ) as Fields;

/** By id. */
export function providerSettings(config: z.output<z.ZodObject<Fields>>): ReadonlyMap<string, ProviderSetting> {
  return new Map(
    builtInProviders.map((provider) => {
      const apiKey: Secret | undefined = config[keyName(provider)];
      return [provider.id, { baseUrl: config[urlName(provider)] ?? provider.baseUrl, apiKey: apiKey ?? null }];
    }),
  );
}
