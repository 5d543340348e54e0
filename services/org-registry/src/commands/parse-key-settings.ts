import { allowedAddressesSchema, allowedModelsSchema } from "@topdog/contracts/key-restrictions";
import { keyScopesSchema } from "@topdog/contracts/key-scopes";
import { dailyCeilingSchema } from "@topdog/contracts/quota";
import { InvalidArgumentError } from "commander";
import { z } from "zod";
import type { KeySettings } from "../domain/api-key.ts";

/** Reads a comma-separated list, as the account API would its JSON. */
function listOf<T>(schema: z.ZodType<T>): (text: string) => T {
  return (text) => parse(schema, text.split(","));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError(z.prettifyError(parsed.error));
  return parsed.data;
}

export const parseScopes = listOf(keyScopesSchema);
export const parseModels = listOf(allowedModelsSchema);
export const parseAddresses = listOf(allowedAddressesSchema);

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
export const parseExpiry = (text: string): Date => {
  const expiresAt = parse(instant, text);
  if (expiresAt.getTime() <= Date.now()) throw new InvalidArgumentError("must be in the future");
  return expiresAt;
};

export const parseCeiling = (text: string): number => parse(dailyCeilingSchema, Number(text));

/** The flags of a command that makes a key. */
export interface KeyFlags {
  readonly scopes: KeySettings["scopes"];
  readonly expires?: Date;
  readonly models?: string[];
  readonly addresses?: string[];
  readonly ceiling?: number;
}

export const settingsOf = ({ scopes, expires, models, addresses, ceiling }: KeyFlags): KeySettings => ({
  scopes,
  expiresAt: expires ?? null,
  allowedModels: models ?? null,
  allowedAddresses: addresses ?? null,
  dailyCeiling: ceiling ?? null,
});
