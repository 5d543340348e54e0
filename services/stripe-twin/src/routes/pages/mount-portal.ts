import type { Express } from "express";
import { cancelByPortal, changeByPortal } from "../../domain/portal.ts";
import { attachMethod, setDefaultMethod } from "../../domain/payment-methods.ts";
import type { Tx } from "../../domain/state.ts";
import { methodOfForm, textOf } from "./card-form.ts";
import type { PageTools } from "./mount-pages.ts";
import { portalPage } from "./portal-page.ts";

export function mountPortal(app: Express, { show, act }: PageTools): void {
  const home = (id: string): string => `/pay/portal/${id}`;
  const again = (id: string) => (tx: Tx, error: string) => portalPage(tx, id, error);

  app.get("/pay/portal/:id", (req, res) => show(res, (tx) => portalPage(tx, req.params.id, null)));
  app.post("/pay/portal/:id/card", (req, res) => {
    const { id } = req.params;
    return act(
      req,
      res,
      (tx, form) => {
        const { customer } = tx.need("billing_portal.session", id);
        const { email, name = null } = tx.need("customer", customer);
        const method = attachMethod(tx, methodOfForm(tx, form, { email, name }).id, customer);
        setDefaultMethod(tx, customer, method.id);
        for (const one of tx.all("subscription"))
          if (one.customer === customer && one.default_payment_method !== null)
            tx.put("subscription", { ...one, default_payment_method: method.id });
        return home(id);
      },
      again(id),
    );
  });
  app.post("/pay/portal/:id/subscriptions/:subscription/:verb", (req, res) => {
    const { id, subscription, verb } = req.params;
    return act(
      req,
      res,
      (tx, form) => {
        const session = tx.need("billing_portal.session", id);
        if (verb === "change")
          changeByPortal(tx, session, subscription, textOf(form, "price"), Number(textOf(form, "quantity")));
        else if (verb === "cancel" || verb === "keep") cancelByPortal(tx, session, subscription, verb === "cancel");
        return home(id);
      },
      again(id),
    );
  });
}
