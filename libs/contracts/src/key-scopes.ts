import { z } from "zod";

/**
 * What an API key is for. `llm`: calls of models; `usage:read`: what its holder used and may use; `account`: the rest of the account
 * API, as far as its holder may, except the making and changing of keys. Only `llm` is given without being asked for.
 */
export const keyScopes = ["llm", "usage:read", "account"] as const;
export const keyScopeSchema = z.enum(keyScopes);
export type KeyScope = z.infer<typeof keyScopeSchema>;

export const defaultKeyScopes: readonly KeyScope[] = ["llm"];

/** Without repetition, in the order above: two keys with the same scopes say so alike. */
export const keyScopesSchema = z
  .array(keyScopeSchema)
  .min(1)
  .max(keyScopes.length)
  .transform((given): KeyScope[] => keyScopes.filter((scope) => given.includes(scope)));
