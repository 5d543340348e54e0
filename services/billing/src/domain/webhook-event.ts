import { z } from "zod";

/** An event as the inbox keeps it: what it is about, never what it says. */
export interface WebhookEvent {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string | null;
  readonly livemode: boolean;
  readonly createdAt: Date;
  readonly customerId: string | null;
  /** Where its object can be read, when it names no customer. */
  readonly objectPath: string | null;
}

const referenceField = z.union([z.string(), z.object({ id: z.string() })]).nullish();
const chargePattern = /^\w{1,255}$/;
const typeField = z.string().min(1).max(200);
const idField = z.string().regex(/^\w{1,255}$/);

const snapshotSchema = z.object({
  object: z.literal("event"),
  id: idField,
  type: typeField,
  api_version: z.string().max(100).nullish(),
  livemode: z.boolean(),
  created: z.int().min(0),
  data: z.object({
    object: z.object({
      object: z.string().nullish(),
      id: z.string().nullish(),
      customer: referenceField,
      charge: referenceField,
    }),
  }),
});

/** A thin notification: it names its object, and the object is to be fetched. */
const thinSchema = z.object({
  object: z.literal("v2.core.event"),
  id: idField,
  type: typeField,
  livemode: z.boolean(),
  created: z.iso.datetime(),
  related_object: z.object({ id: z.string(), type: z.string(), url: z.string().startsWith("/v1/").max(300) }).nullish(),
});

const idOf = (reference: z.output<typeof referenceField>): string | null =>
  (typeof reference === "string" ? reference : reference?.id) ?? null;

/** Whether anything follows from it: an event about no customer is kept, so that it is known when it comes again, and that is all. */
export const needsWork = ({ customerId, objectPath }: WebhookEvent): boolean =>
  customerId !== null || objectPath !== null;

/** Events after which a person should look, though no subscription changes by them. */
export const isMoneyBack = (type: string): boolean => type === "charge.refunded" || type === "charge.dispute.created";

/** Reads either form of an event; null for what is neither. Fields that are not read may have any shape. */
export function parseWebhookEvent(payload: unknown): WebhookEvent | null {
  const snapshot = snapshotSchema.safeParse(payload);
  if (snapshot.success) {
    const { id, type, api_version: apiVersion = null, livemode, created, data } = snapshot.data;
    const { object } = data;
    const customerId = object.object === "customer" ? (object.id ?? null) : idOf(object.customer);
    // A dispute names its charge alone, and the charge its customer.
    const charge = object.object === "dispute" && customerId === null ? idOf(object.charge) : null;
    const objectPath = charge !== null && chargePattern.test(charge) ? `/v1/charges/${charge}` : null;
    return { id, type, apiVersion, livemode, createdAt: new Date(created * 1000), customerId, objectPath };
  }
  const thin = thinSchema.safeParse(payload);
  if (!thin.success) return null;
  const { id, livemode, created, related_object: related } = thin.data;
  // A thin notification has the name of its snapshot, with the version of the API that its object is in.
  const type = thin.data.type.replace(/^v1\./, "");
  const customerId = related?.type === "customer" ? related.id : null;
  const objectPath = customerId === null ? (related?.url ?? null) : null;
  return { id, type, apiVersion: null, livemode, createdAt: new Date(created), customerId, objectPath };
}
