import type { Express, Request, Response } from "express";
import { readBody } from "@topdog/http-kit/read-body";
import { applyPromotion } from "../../domain/checkout.ts";
import { endCheckoutChallenge, payCheckout } from "../../domain/checkout-payment.ts";
import { collectOpen, endChallenge, invoiceOfIntent } from "../../domain/collect.ts";
import { StripeError } from "../../domain/stripe-error.ts";
import type { Tx } from "../../domain/state.ts";
import { type FormValue, parseForm } from "../api/form.ts";
import type { Twin } from "../../usecases/run-twin.ts";
import { methodOfForm, textOf } from "./card-form.ts";
import { challengePage, checkoutPage, payerOf, takeQuantities } from "./checkout-page.ts";
import { html, money, page } from "./html.ts";
import { invoicePage, invoiceText } from "./invoice-page.ts";
import { pdfOf } from "./pdf.ts";

type Form = { [name: string]: FormValue };
const maxFormBytes = 64 * 1024;

export interface PageTools {
  /** Answers with a page made from the state as it is. */
  readonly show: (res: Response, make: (tx: Tx) => string, status?: number) => void;
  /** Runs an action of a form; refused, the page is shown again with the reason. */
  readonly act: (
    req: Request,
    res: Response,
    action: (tx: Tx, form: Form) => string,
    again: (tx: Tx, error: string) => string,
  ) => Promise<void>;
}

export function pageTools(twin: Twin): PageTools {
  const send = (res: Response, status: number, body: string): void => {
    res.setHeader(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    );
    res.setHeader("cache-control", "no-store");
    res.setHeader("referrer-policy", "no-referrer");
    res.status(status).type("text/html").send(body);
  };
  const show: PageTools["show"] = (res, make, status = 200) => {
    try {
      send(res, status, twin.peek(make));
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      send(res, error.status, page("Not found", html`<h1>${error.message}</h1>`));
    }
  };
  return {
    show,
    act: async (req, res, action, again) => {
      const body = await readBody(req, res, { maxBytes: maxFormBytes });
      if (body === null) return;
      try {
        res.redirect(
          303,
          twin.run((tx) => action(tx, parseForm(body.toString("utf8")))),
        );
      } catch (error) {
        if (!(error instanceof StripeError)) throw error;
        const { message, status } = error;
        show(res, (tx) => again(tx, message), status);
      } finally {
        void twin.catchUp();
      }
    },
  };
}

export function mountCheckout(app: Express, { show, act }: PageTools): void {
  const doneUrl = (tx: Tx, id: string): string =>
    (tx.need("checkout.session", id).success_url ?? "/").replaceAll("{CHECKOUT_SESSION_ID}", id);

  app.get("/pay/checkout/:id", (req, res) => show(res, (tx) => checkoutPage(tx, req.params.id, null)));
  app.post("/pay/checkout/:id", (req, res) => {
    const { id } = req.params;
    const pay = (tx: Tx, form: Form): string => {
      takeQuantities(tx, id, form);
      const payer = payerOf(form);
      const step = payCheckout(tx, id, payer, () => methodOfForm(tx, form, payer));
      return step.kind === "challenge" ? `/pay/checkout/${id}/3d-secure` : doneUrl(tx, id);
    };
    return act(req, res, pay, (tx, error) => checkoutPage(tx, id, error));
  });
  app.post("/pay/checkout/:id/promotion", (req, res) => {
    const { id } = req.params;
    const apply = (tx: Tx, form: Form): string => {
      applyPromotion(tx, id, textOf(form, "code"));
      return `/pay/checkout/${id}`;
    };
    return act(req, res, apply, (tx, error) => checkoutPage(tx, id, error));
  });
  app.get("/pay/checkout/:id/3d-secure", (req, res) =>
    show(res, (tx) => {
      const session = tx.need("checkout.session", req.params.id);
      return challengePage(
        `/pay/checkout/${session.id}/3d-secure`,
        money(session.amount_total ?? 0, session.currency ?? "usd"),
      );
    }),
  );
  app.post("/pay/checkout/:id/3d-secure", (req, res) => {
    const { id } = req.params;
    const finish = (tx: Tx, form: Form): string => {
      const passed = textOf(form, "outcome") === "pass";
      endCheckoutChallenge(tx, id, passed);
      return passed ? doneUrl(tx, id) : `/pay/checkout/${id}?failed=1`;
    };
    return act(req, res, finish, (tx, error) => checkoutPage(tx, id, error));
  });
}

export function mountInvoices(app: Express, twin: Twin, { show, act }: PageTools): void {
  app.get("/pay/invoice/:id", (req, res) => show(res, (tx) => invoicePage(tx, req.params.id, null)));
  app.post("/pay/invoice/:id", (req, res) => {
    const { id } = req.params;
    const pay = (tx: Tx, form: Form): string => {
      const invoice = tx.need("invoice", id);
      const method = methodOfForm(tx, form, { email: invoice.customer_email, name: invoice.customer_name });
      const outcome = collectOpen(tx, id, method.id);
      if (outcome.kind === "declined")
        throw new StripeError(402, { type: "card_error", message: outcome.decline.message }, true);
      const intent = tx.all("payment_intent").findLast(({ payment_method: used }) => used === method.id);
      return outcome.kind === "challenge" && intent !== undefined
        ? `/pay/3d-secure/${intent.id}`
        : `/pay/invoice/${id}`;
    };
    return act(req, res, pay, (tx, error) => invoicePage(tx, id, error));
  });
  app.get("/pay/invoice/:id/pdf", (req, res) => {
    const lines = twin.peek((tx) => invoiceText(tx, req.params.id));
    if (lines === null) res.status(404).type("text/plain").send("There is no such invoice.");
    else res.type("application/pdf").send(pdfOf(lines));
  });
  app.get("/pay/3d-secure/:id", (req, res) =>
    show(res, (tx) => {
      const intent = tx.need("payment_intent", req.params.id);
      return challengePage(`/pay/3d-secure/${intent.id}`, money(intent.amount, intent.currency));
    }),
  );
  app.post("/pay/3d-secure/:id", (req, res) => {
    const finish = (tx: Tx, form: Form): string => {
      endChallenge(tx, req.params.id, textOf(form, "outcome") === "pass");
      return `/pay/invoice/${invoiceOfIntent(tx, req.params.id)?.id ?? ""}`;
    };
    return act(req, res, finish, (_tx, error) => page("3-D Secure", html`<h1>${error}</h1>`));
  });
}
