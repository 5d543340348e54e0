import { type Express, json, type Request, type Response } from "express";
import { z } from "zod";
import { faultPlanSchema } from "../domain/fault-plan.ts";
import { StripeError } from "../domain/stripe-error.ts";
import { nextTask } from "../domain/tasks.ts";
import type { Twin } from "../usecases/run-twin.ts";

const behaviours = z.enum([
  "ok",
  "challenge_once",
  "challenge_always",
  "attach_then_fail",
  "declined",
  "insufficient_funds",
  "expired_card",
  "incorrect_cvc",
  "processing_error",
  "bank_debit",
  "bank_debit_fails",
]);

const settingsSchema = z.strictObject({
  retryDays: z.array(z.number().min(0.01).max(60)).max(8).optional(),
  afterRetries: z.enum(["cancel", "unpaid", "past_due"]).optional(),
  taxPercent: z.int().min(0).max(100).optional(),
  draftSeconds: z.int().min(0).max(86_400).optional(),
  bankDebitSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .optional(),
});

const moveSchema = z.union([
  z.strictObject({ seconds: z.int().min(0) }),
  z.strictObject({ days: z.number().min(0).max(3660) }),
  z.strictObject({ to: z.int().min(0) }),
  /** To the next thing that happens by itself. */
  z.strictObject({ to: z.literal("next") }),
]);

/** `/_twin`: the clock, the faults, the state. For tests and operators of this machine alone. */
export function mountControl(app: Express, twin: Twin): void {
  const body = json({ limit: "64kb" });
  const clock = () => ({ nowSeconds: twin.nowSeconds(), nextSeconds: nextTask(twin.state)?.atSeconds ?? null });

  app.use("/_twin", (req, res, next) => {
    if (isLocal(req)) next();
    else res.status(403).json({ problem: "only for this machine" });
  });
  app.get("/_twin/clock", (_req, res) => void res.json(clock()));
  app.post("/_twin/clock/advance", body, (req, res) =>
    checked(moveSchema, req, res, async (move) => {
      const now = twin.nowSeconds();
      if ("seconds" in move) await twin.advance(now + move.seconds);
      else if ("days" in move) await twin.advance(now + Math.round(move.days * 86_400));
      else await twin.advance(move.to === "next" ? Math.max(now, nextTask(twin.state)?.atSeconds ?? now) : move.to);
      return clock();
    }),
  );
  app.get("/_twin/faults", (_req, res) => void res.json(twin.faults.current()));
  app.put("/_twin/faults", body, (req, res) =>
    checked(faultPlanSchema, req, res, (plan) => {
      twin.faults.set(plan);
      return plan;
    }),
  );
  app.delete("/_twin/faults", (_req, res) => {
    twin.faults.set(faultPlanSchema.parse({}));
    res.sendStatus(204);
  });
  app.get("/_twin/settings", (_req, res) => void res.json(twin.state.meta.get("meta")?.settings));
  app.put("/_twin/settings", body, (req, res) =>
    checked(settingsSchema, req, res, (changed) => {
      const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      return twin.run((tx) => {
        const meta = tx.meta();
        tx.put("meta", { ...meta, settings: { ...meta.settings, ...given } });
        return tx.meta().settings;
      });
    }),
  );
  app.put("/_twin/cards/:id", body, (req, res) =>
    checked(z.strictObject({ behaviour: behaviours }), req, res, ({ behaviour }) =>
      twin.run((tx) => {
        tx.put("card", { id: tx.need("payment_method", req.params.id).id, behaviour });
        return tx.need("card", req.params.id);
      }),
    ),
  );
  app.get("/_twin/state", (_req, res) => {
    const kinds = Object.entries(twin.state).filter(([kind]) => kind !== "endpoint_secret" && kind !== "idempotency");
    res.json(Object.fromEntries(kinds.map(([kind, map]) => [kind, [...(map as Map<string, unknown>).values()]])));
  });
  /** Resolves when every event that is due has been sent. */
  app.post("/_twin/deliveries/flush", (_req, res, next) => {
    twin.catchUp().then(() => res.json({ waiting: twin.state.delivery.size }), next);
  });
  app.post("/_twin/reset", (_req, res, next) => {
    twin.reset().then(() => res.sendStatus(204), next);
  });
}

const isLocal = (req: Request): boolean =>
  ["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(req.socket.remoteAddress ?? "") && req.headers.origin === undefined;

async function checked<T>(
  schema: z.ZodType<T>,
  req: Request,
  res: Response,
  work: (body: T) => unknown,
): Promise<void> {
  const parsed = schema.safeParse(req.body);
  if (!parsed.success) return void res.status(400).json({ problem: z.prettifyError(parsed.error) });
  try {
    res.json(await work(parsed.data));
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    res.status(error.status).json({ problem: error.message });
  }
}
