import type { Sampling } from "./conversation.ts";

/** Only the members that say something. */
export function statedOnly(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}

/** The sampling that the caller asked for, under the names that a provider has for it. */
export function statedSampling(
  sampling: Sampling,
  names: Readonly<Partial<Record<keyof Sampling, string>>>,
): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [key, name] of Object.entries(names)) members[name] = sampling[key as keyof Sampling];
  return statedOnly(members);
}
