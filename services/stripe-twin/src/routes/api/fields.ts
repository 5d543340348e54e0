import { z } from "zod";

/** Fields of a form: everything comes as text. */
export const text = z.string().max(5000);
export const id = z.string().min(1).max(255);
export const int = z
  .string()
  .regex(/^-?\d{1,15}$/, "Invalid integer")
  .transform(Number);
export const decimal = z
  .string()
  .regex(/^-?\d{1,12}(\.\d{1,12})?$/, "Invalid decimal")
  .transform(Number);
export const bool = z.enum(["true", "false"]).transform((value) => value === "true");
export const url = z.url().max(5000);
/** An empty string unsets a field. */
export const clearable = <T extends z.ZodType>(field: T) => z.union([z.literal("").transform(() => null), field]);

const pair = z.record(z.string().max(40), z.string().max(500));
/** An empty string removes all. */
export const metadata = z.union([z.literal("").transform((): Record<string, string> => ({})), pair]);

export const expand = z.array(z.string().max(200)).max(20).optional();

export const address = z.strictObject({
  city: text.optional(),
  country: text.optional(),
  line1: text.optional(),
  line2: text.optional(),
  postal_code: text.optional(),
  state: text.optional(),
});

export const automaticTax = z
  .strictObject({ enabled: bool, liability: z.strictObject({ type: z.literal("self") }).optional() })
  .optional();

export const billingMode = z
  .strictObject({
    type: z.enum(["classic", "flexible"]),
    flexible: z.strictObject({ proration_discounts: z.enum(["included", "itemized"]).optional() }).optional(),
  })
  .optional();

export const trialSettings = z
  .strictObject({
    end_behavior: z.strictObject({ missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]) }),
  })
  .optional();

export const discounts = z
  .array(z.strictObject({ coupon: id.optional(), promotion_code: id.optional(), discount: id.optional() }))
  .max(20);

export const cancellationDetails = z
  .strictObject({ comment: clearable(text).optional(), feedback: clearable(text).optional() })
  .optional();

export const prorationBehavior = z.enum(["create_prorations", "none", "always_invoice"]);
export const paymentBehavior = z.enum([
  "allow_incomplete",
  "default_incomplete",
  "error_if_incomplete",
  "pending_if_incomplete",
]);

export const created = z
  .union([int, z.strictObject({ gt: int.optional(), gte: int.optional(), lt: int.optional(), lte: int.optional() })])
  .optional();

export const paging = {
  limit: int.pipe(z.number().min(1).max(100)).default(10),
  starting_after: id.optional(),
  ending_before: id.optional(),
  expand,
};

/** Parameters whose names the SDK knows: a name that Stripe does not take does not compile. */
export const paramsOf =
  <P>() =>
  <S extends z.ZodRawShape>(shape: S & { [K in Exclude<keyof S, keyof P>]: never }): z.ZodObject<S, z.core.$strict> =>
    z.strictObject(shape);
