import { z } from "zod";
import { seededRandom } from "./random.ts";

const ratio = z.number().min(0).max(1).default(0);

/** Shares of events, or of deliveries, that go wrong. */
const webhookFaultsSchema = z.strictObject({
  /** No Event object is ever made. */
  neverGenerate: ratio,
  /** A second Event object for the same change. */
  duplicateEvent: ratio,
  /** The same event is sent twice. */
  duplicate: ratio,
  /** Never sent, and never retried; the event can be listed. */
  drop: ratio,
  /** Sent among later ones: up to `reorderSpan` places behind. */
  reorder: ratio,
  reorderSpan: z.int().min(1).max(1000).default(8),
  /** Sent after up to `delaySecondsMax` of virtual time. */
  delay: ratio,
  delaySecondsMax: z
    .int()
    .min(1)
    .max(3 * 86_400)
    .default(3600),
  /** The body holds an earlier snapshot of the object. */
  stale: ratio,
  /** The first attempt is signed with another secret, an old or a future time, names another API version, or live mode. */
  wrongSignature: ratio,
  oldTimestamp: ratio,
  futureTimestamp: ratio,
  wrongApiVersion: ratio,
  otherMode: ratio,
});

const apiFaultSchema = z.strictObject({
  /** `reset` cuts the connection. */
  kind: z.enum(["409", "429", "500", "reset"]),
  /** Whether the request has had its effect by then. 409 and 429 have none. */
  when: z.enum(["before", "after"]).default("before"),
  ratio: z.number().min(0).max(1).default(1),
  method: z.enum(["GET", "POST", "DELETE"]).optional(),
  /** The path begins with this. */
  path: z.string().max(200).default("/v1/"),
  /** Requests hit before the fault switches itself off. */
  count: z.int().min(1).optional(),
});

export const faultPlanSchema = z.strictObject({
  seed: z.int().default(1),
  webhooks: webhookFaultsSchema.prefault({}),
  api: z.array(apiFaultSchema).max(50).default([]),
});
export type FaultPlan = z.infer<typeof faultPlanSchema>;
export type ApiFault = z.infer<typeof apiFaultSchema>;
export type WebhookFaults = z.infer<typeof webhookFaultsSchema>;

export const noFaults: FaultPlan = faultPlanSchema.parse({});

export interface Faults {
  set(plan: FaultPlan): void;
  current(): FaultPlan;
  /** True for this share of the times that it is asked. */
  hits(share: number): boolean;
  /** A whole number from 1 to `max`. */
  upTo(max: number): number;
  /** The fault that hits this request. */
  ofRequest(method: string, path: string): ApiFault | null;
}

export function createFaults(): Faults {
  let plan = noFaults;
  let random = seededRandom(plan.seed);
  let left = new Map<ApiFault, number>();
  const hits = (share: number): boolean => share > 0 && random() < share;
  return {
    set: (next) => {
      plan = next;
      random = seededRandom(next.seed);
      left = new Map(next.api.map((fault) => [fault, fault.count ?? Infinity]));
    },
    current: () => plan,
    hits,
    upTo: (max) => 1 + Math.floor(random() * max),
    ofRequest: (method, path) => {
      for (const fault of plan.api) {
        const remaining = left.get(fault) ?? 0;
        if (remaining <= 0 || (fault.method ?? method) !== method || !path.startsWith(fault.path)) continue;
        if (!hits(fault.ratio)) continue;
        left.set(fault, remaining - 1);
        return fault;
      }
      return null;
    },
  };
}
