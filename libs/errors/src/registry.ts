export interface ErrorEntry {
  readonly status: number;
  /** Public and constant: the same for every occurrence. */
  readonly title: string;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What the caller should do, as one sentence. */
  readonly nextStep: string;
  /** `error.type` in the OpenAI dialect. */
  readonly openaiType: string;
}

const refused = (status: number, title: string, nextStep: string, openaiType = "invalid_request_error") =>
  ({ status, title, retryable: false, nextStep, openaiType }) as const;
const transient = (status: number, title: string, nextStep: string, openaiType = "server_error") =>
  ({ status, title, retryable: true, nextStep, openaiType }) as const;

/** Every error that a caller can meet. docs/errors.md is this table; a test compares the two. */
export const errorRegistry = {
  missing_api_key: refused(
    401,
    "No API key was sent.",
    "Send your key as the header `Authorization: Bearer <key>`.",
    "authentication_error",
  ),
  invalid_api_key: refused(
    401,
    "The API key is unknown, expired or revoked.",
    "Check the key, or create a new one.",
    "authentication_error",
  ),
  not_signed_in: refused(
    401,
    "You are not signed in.",
    "Sign in, or send an API key as the header `Authorization: Bearer <key>`.",
    "authentication_error",
  ),
  wrong_credentials: refused(
    401,
    "The email address or the password is wrong.",
    "Try again, or ask for a mail to set a new password.",
    "authentication_error",
  ),
  second_factor_required: refused(
    401,
    "Your account needs a second factor.",
    "Send it again with the code of your authenticator app, or with a recovery code.",
    "authentication_error",
  ),
  wrong_code: refused(
    401,
    "The code is wrong, or was used before.",
    "Wait for the next code of your authenticator app.",
    "authentication_error",
  ),
  passkey_refused: refused(
    401,
    "The passkey was not accepted.",
    "Begin again, and let your browser show a passkey of this site.",
    "authentication_error",
  ),
  oidc_refused: refused(
    401,
    "The sign-in at the provider was not accepted.",
    "Begin again, and end it in the same browser within ten minutes.",
    "authentication_error",
  ),
  csrf_refused: refused(
    403,
    "The request does not come from a page of this site.",
    "Send it from the site itself, with the header X-CSRF-Token.",
    "permission_error",
  ),
  session_required: refused(
    403,
    "Only a person who is signed in may do this, and no API key.",
    "Sign in, and send it with the cookie of your session alone.",
    "permission_error",
  ),
  api_key_required: refused(
    403,
    "Only an API key may do this.",
    "Send an API key as the header `Authorization: Bearer <key>`.",
    "permission_error",
  ),
  reauthentication_required: refused(
    403,
    "It is too long ago that you proved who you are.",
    "Confirm your password or passkey, then send it again.",
    "permission_error",
  ),
  operator_required: refused(
    403,
    "Only an operator may do this.",
    "Sign in as an operator, with your second factor.",
    "permission_error",
  ),
  forbidden: refused(403, "You may not do this.", "Ask someone with the needed role.", "permission_error"),
  owner_only: refused(403, "Only the owner may do this.", "Ask the owner of the org.", "permission_error"),
  insufficient_scope: refused(
    403,
    "The API key does not have the scope that this needs.",
    "Use a key that has the scope, or do it signed in.",
    "permission_error",
  ),
  address_not_allowed: refused(
    403,
    "The API key may not be used from this address.",
    "Call from an address that the key allows, or change the key's allowed addresses.",
    "permission_error",
  ),
  model_not_allowed: refused(
    403,
    "The API key may not call this model.",
    "Pick a model from GET /v1/models, or change the key's allowed models.",
    "permission_error",
  ),
  not_found: refused(404, "There is nothing at this address.", "Check the path and the id."),
  model_not_found: refused(
    404,
    "The model does not exist, or you may not use it.",
    "Pick a model from GET /v1/models.",
  ),
  method_not_allowed: refused(
    405,
    "This address does not take this method.",
    "Use a method that the Allow header lists.",
  ),
  request_timeout: transient(408, "The request took too long to arrive.", "Send the request again.", "timeout_error"),
  invalid_request: refused(400, "The request is not valid.", "Correct what the message names and send it again."),
  malformed_json: refused(400, "The body is not valid JSON.", "Send a JSON object as the body."),
  payload_too_large: refused(413, "The body is too large.", "Send a smaller body."),
  headers_too_large: refused(431, "The headers are too large.", "Send fewer or shorter headers."),
  unsupported_encoding: refused(
    415,
    "The body is packed in a way that is not taken.",
    "Send the body as it is, or packed as the Accept-Encoding header of this answer says.",
  ),
  conflict: refused(409, "The request does not fit the present state.", "Read the resource again, then decide."),
  idempotency_key_reused: refused(
    422,
    "This Idempotency-Key was sent with another request.",
    "Use a new key for each request; send the same request again only with the same key and every byte the same.",
  ),
  idempotency_in_progress: transient(
    409,
    "The request of this Idempotency-Key is still being answered.",
    "Wait for the time that Retry-After states, then send it again: its answer will be there.",
    "invalid_request_error",
  ),
  idempotency_answer_too_large: refused(
    409,
    "The answer of this Idempotency-Key was delivered, and was too large to be kept.",
    "Send the request with a new key if you want it answered again.",
  ),
  oidc_not_linked: refused(
    409,
    "An account with this email address exists, and this provider does not sign it in.",
    "Sign in as before, then link the provider in your account.",
  ),
  key_limit_reached: refused(409, "No more API keys can be created.", "Revoke a key that you do not use."),
  org_being_deleted: refused(
    409,
    "This org is being deleted: nothing of it can be changed.",
    "Ask its owner to restore it.",
  ),
  seats_exhausted: refused(409, "Every paid seat is taken.", "Add seats, or deactivate a member."),
  byok_capacity_reached: refused(
    403,
    "Every slot for provider credentials is used.",
    "Revoke a credential that you do not need, or move to a plan with more slots.",
    "permission_error",
  ),
  invalid_link: refused(400, "The link is too old, or was used before.", "Ask for a new mail."),
  too_many_attempts: transient(
    429,
    "Too many attempts.",
    "Wait for the time that Retry-After states, then try again.",
    "rate_limit_error",
  ),
  byok_credential_refused: refused(
    403,
    "The model's provider refused your own credential.",
    "Rotate the credential, or put its account in order at the provider.",
    "permission_error",
  ),
  byok_credential_unusable: refused(
    403,
    "None of your own credentials for this model can be used.",
    "Rotate or revoke them, move to a plan with more slots, or allow the platform's credential instead.",
    "permission_error",
  ),
  quota_exceeded: refused(
    429,
    "The daily quota is spent.",
    "Wait for the reset at midnight UTC, or move to a larger plan.",
    "insufficient_quota",
  ),
  org_share_spent: refused(
    429,
    "Your share of the org's daily bucket is spent, and what is left of the bucket is kept for other members.",
    "Wait until other members have stopped for an hour or for the reset at midnight UTC, or ask the org's owner for more seats.",
    "insufficient_quota",
  ),
  daily_ceiling_reached: refused(
    429,
    "The ceiling of calls a day that was set for this key or member is reached.",
    "Wait for the reset at midnight UTC, or ask whoever set the ceiling to raise it.",
    "insufficient_quota",
  ),
  free_calls_exceeded: transient(
    429,
    "Too many calls that cost nothing came with this API key.",
    "Wait for the time that Retry-After states, then send it again; keep the list of models for a while.",
    "rate_limit_error",
  ),
  concurrent_requests_exceeded: transient(
    429,
    "All concurrent requests of your plan are running.",
    "Wait until one of them has ended, or move to a plan with more.",
    "rate_limit_error",
  ),
  too_many_calls: transient(
    429,
    "Too many calls are open at once.",
    "Wait until some of them have ended, then send it again.",
    "rate_limit_error",
  ),
  too_many_bad_keys: transient(
    429,
    "Too many requests with a wrong API key came from this address.",
    "Check the key, and wait for the time that Retry-After states.",
    "rate_limit_error",
  ),
  upstream_rate_limited: transient(
    429,
    "The model's provider is limiting requests.",
    "Wait for the time that Retry-After states, then send it again.",
    "rate_limit_error",
  ),
  internal_error: transient(
    500,
    "Something went wrong on our side.",
    "Send it again; if it persists, tell support the request id.",
  ),
  upstream_unavailable: transient(
    502,
    "The model's provider could not be reached, or closed the connection without an answer.",
    "Send it again, or pick another model.",
  ),
  upstream_failed: transient(
    502,
    "The model's provider failed to answer: the fault is on its side.",
    "Send it again, or pick another model.",
  ),
  upstream_answer_cut: transient(
    502,
    "The model's provider broke off its answer.",
    "Send it again, or pick another model.",
  ),
  upstream_answer_invalid: transient(
    502,
    "The model's provider sent something that is not an answer.",
    "Send it again, or pick another model.",
  ),
  upstream_rejected: refused(
    502,
    "The model's provider refused the platform's request.",
    "Pick another model; we have been told.",
    "server_error",
  ),
  router_unavailable: transient(502, "The router of model calls could not be reached.", "Send it again in a moment."),
  temporary_reduced_capacity: transient(
    503,
    "Your allowance cannot be checked at the moment.",
    "Wait for the time that Retry-After states, then send it again.",
  ),
  overloaded: transient(503, "The platform is busy.", "Wait for the time that Retry-After states, then send it again."),
  upstream_overloaded: transient(
    503,
    "The model's provider is overloaded.",
    "Send it again in a moment, or pick another model.",
  ),
  upstream_resting: transient(
    503,
    "The model's provider failed several times just now and is left alone for a moment.",
    "Wait for the time that Retry-After states, or pick another model.",
  ),
  usage_spool_full: transient(503, "New calls cannot be recorded at the moment.", "Send it again in a moment."),
  storage_unavailable: transient(
    503,
    "What is stored cannot be read or written at the moment.",
    "Wait for the time that Retry-After states, then send it again.",
  ),
  mail_not_configured: refused(
    503,
    "This installation cannot send mail.",
    "Ask the operator to configure SMTP.",
    "server_error",
  ),
  oidc_not_configured: refused(
    503,
    "This installation has no sign-in by a provider.",
    "Sign in with your password or a passkey.",
    "server_error",
  ),
  oidc_unavailable: transient(
    503,
    "The provider that should sign you in does not answer.",
    "Try again in a moment, or sign in with your password or a passkey.",
  ),
  billing_not_configured: refused(
    503,
    "Payments are not set up on this installation.",
    "Ask the operator to configure Stripe.",
    "server_error",
  ),
  payments_unavailable: transient(
    503,
    "The payment service does not answer at the moment.",
    "Read the subscription again before you send it again: it may have been done.",
  ),
  payment_failed: refused(402, "The payment was declined.", "Check the card, or use another one, in the portal."),
  no_subscription: refused(409, "There is no subscription that could be changed.", "Buy a plan first."),
  plan_not_for_sale: refused(409, "This plan is not for sale here.", "Pick a plan from GET /api/tiers."),
  shutting_down: transient(503, "This instance is shutting down.", "Send it again: another instance answers."),
  upstream_timeout: transient(
    504,
    "The model's provider did not answer in time.",
    "Send it again, or pick another model.",
    "timeout_error",
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorRegistry;

export const errorCodes = Object.keys(errorRegistry) as readonly ErrorCode[];
