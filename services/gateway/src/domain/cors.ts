import { servedHeaderNames } from "@topdog/contracts/served-headers";
import { operations } from "@topdog/dialects/dialects";

/** Which origins' pages may call the LLM API from a browser. Never with cookies: the key is in a header. */
export type CorsPolicy = "any" | ReadonlySet<string>;

/** What a page may read of an answer beside its body. */
const exposedHeaders = [
  "x-request-id",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-source",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
  "x-byok-scope",
  "x-byok-used",
  "x-byok-capacity",
  ...servedHeaderNames,
  "openai-processing-ms",
].join(", ");
const servedMethods = [...new Set([...operations.map(({ method }) => method), "HEAD", "OPTIONS"])].join(", ");
/** SDKs add headers of their own: what a page asks for is allowed, if it is a list of header names of a sane length. */
const headerList = /^[A-Za-z0-9, _-]{1,1024}$/;
const usualRequestHeaders = "authorization, content-type, x-api-key, api-key";
const preflightSeconds = 7_200;

type Headers = readonly (readonly [name: string, value: string])[];

/** Headers of an answer to a page of `origin`; none when that origin may not call. */
export function corsHeaders(policy: CorsPolicy, origin: string): Headers {
  if (policy === "any") {
    return [
      ["access-control-allow-origin", "*"],
      ["access-control-expose-headers", exposedHeaders],
    ];
  }
  const vary = ["vary", "Origin"] as const;
  if (!policy.has(origin)) return [vary];
  return [vary, ["access-control-allow-origin", origin], ["access-control-expose-headers", exposedHeaders]];
}

/** What a preflight is answered with beside `corsHeaders`. */
export function preflightHeaders(requestedHeaders: string | undefined): Headers {
  const isList = requestedHeaders !== undefined && headerList.test(requestedHeaders);
  return [
    ["access-control-allow-methods", servedMethods],
    ["access-control-allow-headers", isList ? requestedHeaders : usualRequestHeaders],
    ["access-control-max-age", String(preflightSeconds)],
  ];
}
