import { createSecretKey, type KeyObject } from "node:crypto";
import { weaknessOf } from "@topdog/config/weak-secret";
import type { Database } from "@topdog/postgres/pool";
import { z } from "zod";

/** The keys that audit rows are hashed with. The first one is for new rows; the others verify old ones. */
export class AuditKeys {
  readonly #byKid: ReadonlyMap<string, KeyObject>;
  readonly kid: string;

  constructor(keys: readonly (readonly [kid: string, secret: string])[]) {
    const [first] = keys;
    if (first === undefined) throw new Error("needs an audit key");
    this.kid = first[0];
    this.#byKid = new Map(keys.map(([kid, secret]) => [kid, createSecretKey(secret, "utf8")]));
  }

  find(kid: string): KeyObject | undefined {
    return this.#byKid.get(kid);
  }
}

const kidText = /^[A-Za-z0-9._-]{1,32}$/;
const minSecretCharacters = 32;

/** `kid:secret`, several separated by commas. */
export const auditKeysField = z
  .string()
  .superRefine((text, context) => {
    const kids = text.split(",").map((one) => one.split(":")[0] ?? "");
    const secrets = text.split(",").map((one) => one.split(":").slice(1).join(":"));
    const complain = (message: string): void => context.addIssue({ code: "custom", message });
    if (!kids.every((kid) => kidText.test(kid))) complain("must be kid:secret, several separated by commas");
    else if (new Set(kids).size < kids.length) complain("has a kid twice");
    else if (secrets.some((secret) => secret.length < minSecretCharacters))
      complain(`a secret must have at least ${minSecretCharacters} characters`);
    else if (secrets.some((secret) => weaknessOf(secret) !== null)) complain("a secret can be guessed");
  })
  .transform(
    (text) => new AuditKeys(text.split(",").map((one) => [one.split(":")[0] ?? "", one.slice(one.indexOf(":") + 1)])),
  )
  .describe(
    "Hash the audit log: kid:secret of at least 32 characters, several separated by commas, the first for new rows",
  );

/** The same pool, whose transactions know the keys: what appends to the audit log is called from everywhere. */
export const withAuditKeys = (db: Database, auditKeys: AuditKeys): Database => db.withUserParams({ auditKeys });

/** Throws for a database that was not given its keys (a bug). */
export function auditKeysOf(db: Database): AuditKeys {
  const keys: unknown = db.userParams["auditKeys"];
  if (!(keys instanceof AuditKeys)) throw new Error("this database has no audit keys");
  return keys;
}
