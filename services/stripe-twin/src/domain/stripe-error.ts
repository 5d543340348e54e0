/** A refusal as Stripe words it; it ends the request and leaves no effect unless `keepEffects` is set. */
export class StripeError extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** What was done before the refusal stays: a failed payment leaves its intent and its events. */
  readonly keepEffects: boolean;

  constructor(
    status: number,
    body: { readonly type: string; readonly message: string; readonly [key: string]: unknown },
    keepEffects = false,
  ) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.keepEffects = keepEffects;
  }
}

export const invalid = (message: string, param?: string, code?: string): StripeError =>
  new StripeError(400, {
    type: "invalid_request_error",
    message,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });

export const missing = (what: string, id: string, param = "id"): StripeError =>
  new StripeError(404, {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${what.replaceAll(".", " ").replaceAll("_", " ")}: '${id}'`,
    param,
  });

export const cardError = (code: string, declineCode: string | null, message: string, extra: object): StripeError =>
  new StripeError(
    402,
    { type: "card_error", code, message, ...(declineCode === null ? {} : { decline_code: declineCode }), ...extra },
    false,
  );
