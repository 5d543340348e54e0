import { readFileSync } from "node:fs";
import { z } from "zod";
import { noPolicy, type RoutingPolicy } from "../domain/routing-policy.ts";

const name = z.string().min(1).max(200);
const names = z.array(name).min(1).max(200);
const milliseconds = z.int().min(1).max(3_600_000);
const maxEntries = 10_000;
const share = z.number().gt(0).max(1);

/** What an operator writes; unknown members are refused, so that a typing error is no rule that never counts. */
export const routingPolicySchema: z.ZodType<RoutingPolicy> = z.strictObject({
  aliases: z.record(name, names).default({}),
  weights: z
    .array(z.strictObject({ upstream: name, model: name.optional(), weight: z.int().min(0).max(1000) }))
    .max(maxEntries)
    .default([]),
  tenants: z
    .record(
      z.string().regex(/^(user|org):[\w-]{1,64}$/, "must be org:<id> or user:<id>"),
      z.strictObject({
        allowModels: names.optional(),
        denyModels: names.optional(),
        allowUpstreams: names.optional(),
        denyUpstreams: names.optional(),
      }),
    )
    .default({}),
  segments: z.strictObject({ medical: names.optional(), scientific: names.optional() }).default({}),
  limits: z
    .array(
      z.strictObject({
        model: name.optional(),
        family: name.optional(),
        firstContentMs: milliseconds.optional(),
        plainAnswerMs: milliseconds.optional(),
        interChunkMs: milliseconds.optional(),
        totalMs: milliseconds.optional(),
      }),
    )
    .max(maxEntries)
    .default([]),
  hedging: z
    .strictObject({
      rules: z
        .array(z.strictObject({ model: name.optional(), family: name.optional(), afterMs: milliseconds }))
        .min(1)
        .max(maxEntries),
      maxCallShare: share.default(0.05),
      maxCostShare: share.default(0.05),
    })
    .nullable()
    .default(null),
});

/** Throws when the file is not what it should be: better at the start than at a call. */
export function readRoutingPolicy(path: string | undefined): RoutingPolicy {
  if (path === undefined) return noPolicy;
  try {
    return routingPolicySchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`ROUTING_FILE: ${reason}`, { cause: error });
  }
}
