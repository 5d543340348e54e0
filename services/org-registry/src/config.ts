import { publicKeysField } from "@topdog/caller-token/keys";
import { httpUrl, refuseAddress } from "@topdog/config/address";
import { publicUrlField } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { Secret, secretOfLength, secretSchema } from "@topdog/config/secret";
import { auditKeysField } from "./store/audit-keys.ts";
import { busFields, databaseFields, processFields } from "@topdog/service/fields";
import { vaultKeysField } from "@topdog/vault/keyring";
import { z } from "zod";

const dayMs = 86_400_000;
const fingerprintKeyMinCharacters = 32;
const vaultFields = {
  VAULT_KEYS: vaultKeysField,
  AUTH_SECRET: secretOfLength(32)
    .optional()
    .describe(
      "Opens secrets of authenticator apps of before the vault sealed them, until rotate-vault-key has moved them",
    ),
};

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The provider hears of everybody who signs in, and is believed: without TLS only on this machine. */
const issuerField = httpUrl.refine(
  (url) => url.startsWith("https:") || loopback.has(URL.parse(url)?.hostname ?? ""),
  "must start with https://, except on this machine (127.0.0.1)",
);

const oidcFields = {
  OIDC_ISSUER: issuerField
    .optional()
    .describe(
      "People may sign in by this OIDC provider: its issuer, as its tokens name it; unset: no sign-in by a provider",
    ),
  OIDC_CLIENT_ID: z.string().min(1).max(255).optional().describe("What the OIDC provider calls this installation"),
  OIDC_CLIENT_SECRET: secretSchema
    .optional()
    .describe("Shows the OIDC provider that it is this installation that asks"),
  OIDC_NAME: z
    .string()
    .min(1)
    .max(40)
    .default("single sign-on")
    .describe('What people call the OIDC provider: the button says "Continue with …"'),
};

export const configSchema = z
  .object({
    ...processFields("org-registry"),
    ...databaseFields,
    ...busFields,
    CALLER_PUBLIC_KEYS: publicKeysField,
    ...vaultFields,
    CREDENTIAL_FINGERPRINT_KEY: secretOfLength(fingerprintKeyMinCharacters).describe(
      "Makes the fingerprints by which a provider credential that is stored already is recognised; never changed",
    ),
    BYOK_GRACE_MS: z.coerce
      .number()
      .int()
      .min(0)
      .max(365 * dayMs)
      .default(14 * dayMs)
      .describe("How long credentials above a smaller plan's capacity go on working, in milliseconds"),
    PUBLIC_URL: publicUrlField,
    SMTP_URL: z
      .string()
      .superRefine(refuseAddress(["smtp", "smtps"]))
      .transform(Secret.of)
      .optional()
      .describe("Mail server, smtp://user:password@host:port or smtps://…; unset: see MAIL_DIR"),
    MAIL_FROM: z.string().max(254).default("Top Dog <no-reply@topdog.example>").describe("Sender of mails"),
    MAIL_DIR: z
      .string()
      .optional()
      .describe("Without SMTP_URL: folder where mails are kept as files; unset too: nobody can sign up"),
    AUDIT_KEYS: auditKeysField,
    ...oidcFields,
    RPC_MAX_IN_FLIGHT: z.coerce
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(256)
      .describe("Look-ups of one kind worked on at once; one more is answered `overloaded`"),
  })
  .superRefine((config, context) => {
    if (config.OIDC_ISSUER === undefined) return;
    for (const name of ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const)
      if (config[name] === undefined) context.addIssue({ code: "custom", path: [name], message: "is required" });
  });

const readFields = <S extends z.ZodRawShape>(fields: S) =>
  loadConfig("org-registry command", z.object(fields), { env: process.env, argv: [] });

/** What bringing the database up to date needs. */
export const readMigrationConfig = () => readFields(databaseFields);

/** What an operator command needs: the database, and the keys of the audit log. Its flags are its own. */
export const readCommandConfig = () => readFields({ ...databaseFields, AUDIT_KEYS: auditKeysField });

/** Beside it, for a command that looks at the bus: who the operator is there. */
export const readBusConfig = () => readFields(busFields);

/** What a command that opens the vault needs besides. */
export const readVaultConfig = () => readFields(vaultFields);
