import { routerGroupsSchema } from "@topdog/call-link/gateway/router-address";
import { linkTlsFields } from "@topdog/call-link/tls-files";
import { publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { refuseAddress, urlList } from "@topdog/config/address";
import { parseAddressRange, type AddressRange } from "@topdog/http-kit/client-address";
import { publicUrlField } from "@topdog/config/fields";
import { busFields, operatorFields, processFields } from "@topdog/service/fields";
import { z } from "zod";

const siblings = urlList(["http", "https"], 64);
const refuseRouter = refuseAddress(["link", "links"]);
const routerUrls = z
  .string()
  .superRefine((text, context) => text.split(",").forEach((url) => refuseRouter(url.trim(), context)))
  .pipe(routerGroupsSchema);
const count = (max: number) => z.coerce.number().int().min(1).max(max);
const trustedProxies = z
  .string()
  .default("")
  .transform((text, context) => {
    const ranges: AddressRange[] = [];
    for (const entry of text.split(",").map((one) => one.trim())) {
      const range = entry === "" ? undefined : parseAddressRange(entry);
      if (range === null)
        context.addIssue({ code: "custom", message: "must be addresses or ranges such as 10.0.0.0/8" });
      else if (range !== undefined) ranges.push(range);
    }
    return ranges;
  })
  .describe(
    "Proxies of ours whose X-Forwarded-For is believed: addresses or ranges separated by commas; empty for none",
  );
const corsOrigins = z
  .string()
  .default("*")
  .transform((text): "any" | ReadonlySet<string> => {
    if (text.trim() === "*") return "any";
    return new Set(
      text
        .split(",")
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ""),
    );
  })
  .describe("Origins whose pages may call /v1 from a browser, separated by commas; * for all, empty for none");
const verificationToken = z
  .string()
  .regex(/^\w{1,64}$/)
  .optional();
const milliseconds = (max: number) => z.coerce.number().int().min(1).max(max);

export const configSchema = z.object({
  ...processFields("gateway"),
  ...busFields,
  ...operatorFields,
  CALLER_SIGNING_KEY: signingKeyField.describe(
    "Signs who calls, and proves to routers that this is a gateway: a private Ed25519 key as a JWK with its kid",
  ),
  ROUTER_PUBLIC_KEYS: publicKeysField.describe("Prove that a router is one: a JWK set, two keys during a rotation"),
  ROUTER_URL: routerUrls
    .prefault("link://127.0.0.1:8094")
    .describe(
      "llm-router: link://host:port, or links:// over TLS; a name stands for all its addresses; groups separated by commas share calls by ?weight=",
    ),
  ...linkTlsFields,
  QUOTA_URL: siblings.prefault("http://127.0.0.1:8083").describe("quota, for /api/usage and /api/limits"),
  ORG_REGISTRY_URL: siblings
    .prefault("http://127.0.0.1:8081")
    .describe("org-registry, for /api/auth, /api/keys and /api/orgs"),
  BILLING_URL: siblings.prefault("http://127.0.0.1:8082").describe("billing, for /api/tiers and /api/billing"),
  PUBLIC_URL: publicUrlField,
  DOCS_DIR: z
    .string()
    .optional()
    .describe("Folder of openapi.json, asyncapi.json and errors.md, served at /docs; unset: docs of the repository"),
  WEB_DIR: z.string().optional().describe("Folder of the built web app, served at /; unset: no web app"),
  GOOGLE_SITE_VERIFICATION: verificationToken.describe("Token of Google's verification file, /google<token>.html"),
  BING_SITE_VERIFICATION: verificationToken.describe("User id of Bing's verification file, /BingSiteAuth.xml"),
  MAX_BODY_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(268_435_456)
    .default(10_485_760)
    .describe("Largest body of a /v1 call, in bytes"),
  MAX_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(4096)
    .describe("Calls served at once; one more is answered 503"),
  MAX_BODIES_BYTES: count(17_179_869_184)
    .default(268_435_456)
    .describe("Bytes of bodies kept in memory for all calls together; a call beyond it is answered 503"),
  MAX_BODIES_BYTES_PER_KEY: count(17_179_869_184)
    .default(67_108_864)
    .describe("Of these, how many may be of one API key"),
  MAX_CALLS_PER_KEY: count(100_000).default(512).describe("Calls of one API key at once; one more is answered 429"),
  MAX_CALLS_PER_ADDRESS: count(100_000)
    .default(1024)
    .describe("Calls of one IPv4 address or IPv6 /64 at once; one more is answered 429"),
  MAX_UPLOADS_PER_KEY: count(100_000)
    .default(128)
    .describe("Bodies of one API key that are on their way at once; one more is answered 429"),
  MAX_UPLOADS_PER_ADDRESS: count(100_000)
    .default(512)
    .describe("Bodies of one address that are on their way at once; one more is answered 429"),
  BODY_TIMEOUT_MS: milliseconds(600_000).default(30_000).describe("How long an upload may take, in milliseconds"),
  MIN_UPLOAD_BYTES_PER_SECOND: count(1_000_000)
    .default(1024)
    .describe("Least rate of an upload, in bytes a second; a slower one is answered 408"),
  UPLOAD_WINDOW_MS: milliseconds(600_000)
    .default(5_000)
    .describe("Over how long that rate is measured, in milliseconds: a stall of up to this long is accepted"),
  HEADERS_TIMEOUT_MS: milliseconds(600_000)
    .default(10_000)
    .describe("Until a request's headers are complete, in milliseconds"),
  MAX_CONNECTIONS: count(1_000_000).default(16_384).describe("Open connections; one more is closed"),
  MAX_CONNECTIONS_PER_ADDRESS: count(1_000_000)
    .default(1024)
    .describe("Open connections of one IPv4 address or IPv6 /64; one more is closed"),
  MAX_OPENING_CONNECTIONS: count(1_000_000)
    .default(1024)
    .describe("Connections that have not sent their first headers yet; one more closes the oldest of them"),
  TRUSTED_PROXIES: trustedProxies,
  CORS_ORIGINS: corsOrigins,
  CONNECT_TIMEOUT_MS: milliseconds(60_000).default(2_000).describe("Connecting to a sibling service, in milliseconds"),
  FIRST_BYTE_TIMEOUT_MS: milliseconds(3_600_000)
    .default(630_000)
    .describe("Until a router's first byte, in milliseconds; longer than a router waits for a plain answer"),
  CHUNK_TIMEOUT_MS: milliseconds(3_600_000)
    .default(120_000)
    .describe("Longest silence within an answer, in milliseconds"),
  CALL_TIMEOUT_MS: milliseconds(86_400_000)
    .default(900_000)
    .describe("Longest call, in milliseconds: the deadline that routers get"),
  CLIENT_STALL_TIMEOUT_MS: milliseconds(3_600_000)
    .default(60_000)
    .describe("How long a connected client may not read its answer, in milliseconds"),
  PRINCIPAL_TTL_MS: milliseconds(600_000)
    .default(30_000)
    .describe("How long a resolved key is served without asking org-registry again, in milliseconds"),
  PRINCIPAL_MAX_STALE_MS: milliseconds(3_600_000)
    .default(300_000)
    .describe("How long it is served while org-registry does not answer, in milliseconds"),
  BAD_KEYS_PER_MINUTE: count(100_000)
    .default(60)
    .describe("Wrong API keys that one address may send in a minute; more are answered 429"),
  FREE_CALLS_PER_MINUTE: count(1_000_000)
    .default(60)
    .describe(
      "Calls that cost nothing, such as GET /v1/models, that one key may send in a minute; more are answered 429",
    ),
  MAX_PRINCIPALS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(20_000)
    .describe("Resolved keys kept in memory"),
  LEASE_JOURNAL_DIR: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder of this gateway alone that survives a restart of its process: then a crash burns nothing of small limits; unset: a crash burns their credit windows",
    ),
  MAX_BUCKETS: z.coerce.number().int().min(1).max(1_000_000).default(50_000).describe("Quota buckets kept in memory"),
});
export type GatewayConfig = z.infer<typeof configSchema>;
