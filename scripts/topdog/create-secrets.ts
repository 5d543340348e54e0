import { randomBytes } from "node:crypto";
import { createKeyPair } from "@topdog/caller-token/keys";
import { busUserNames } from "@topdog/contracts/bus-access";
import { natsServerUsers } from "@topdog/contracts/nats-authorization";
import { databaseOf, storingServices } from "@topdog/contracts/services";
import { busPublicKeys, type BusSeeds, newBusSeed } from "@topdog/local-stack/bus-keys";
import { createVaultKeys } from "@topdog/vault/keyring";
import type { Command } from "commander";

export interface SecretOptions {
  readonly kid: string;
  /** host:port of Postgres, as pods reach it. */
  readonly database: string;
}

export interface Secret {
  readonly apiVersion: "v1";
  readonly kind: "Secret";
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly stringData: Readonly<Record<string, string>>;
}

const randomText = (): string => randomBytes(32).toString("base64url");

/** Every secret of ours that the charts name, with new keys. Those that others give are not among them: provider-api-keys, stripe-keys, smtp. */
export function createSecrets({ kid, database }: SecretOptions): Secret[] {
  const caller = createKeyPair(kid);
  const router = createKeyPair(kid);
  const seeds = Object.fromEntries(busUserNames.map((name) => [name, newBusSeed()])) as BusSeeds;
  const databases = storingServices.map((service) => ({
    service,
    name: databaseOf(service),
    password: randomText(),
    ownerPassword: randomText(),
  }));
  return [
    secret("caller-signing-key", { CALLER_SIGNING_KEY: caller.signingKey }),
    secret("caller-public-keys", { CALLER_PUBLIC_KEYS: caller.publicKeys }),
    secret("router-signing-key", { ROUTER_SIGNING_KEY: router.signingKey }),
    secret("router-public-keys", { ROUTER_PUBLIC_KEYS: router.publicKeys }),
    secret("vault-keys", { VAULT_KEYS: createVaultKeys(kid) }),
    secret("credential-fingerprint-key", { CREDENTIAL_FINGERPRINT_KEY: randomText() }),
    secret("auth-secret", { AUTH_SECRET: randomText() }),
    secret("audit-keys", { AUDIT_KEYS: `${kid}:${randomText()}` }),
    secret("operator-token", { OPERATOR_TOKEN: randomText() }),
    ...busUserNames.map((name) => secret(`${name}-bus`, { NATS_NKEY_SEED: seeds[name] })),
    secret("topdog-bus-server", { "authorization.conf": natsServerUsers(busPublicKeys(seeds)) }),
    ...databases.flatMap(({ service, name, password, ownerPassword }) => [
      secret(`${service}-database`, { DATABASE_URL: `postgres://${name}:${password}@${database}/${name}` }),
      secret(`${service}-migration`, {
        DATABASE_URL: `postgres://${name}_owner:${ownerPassword}@${database}/${name}`,
      }),
    ]),
    secret("topdog-postgres-init", {
      password: randomText(),
      "init.sql": asScript([...databases.map(({ name }) => `create database ${name};`), ...rolesSql(databases)]),
      "roles.sql": asScript(rolesSql(databases)),
    }),
  ];
}

const secret = (name: string, stringData: Readonly<Record<string, string>>): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, labels: { "app.kubernetes.io/part-of": "topdog" } },
  stringData,
});

interface DatabaseRoles {
  readonly name: string;
  readonly password: string;
  readonly ownerPassword: string;
}

/**
 * For each service's database the role that owns and migrates it, and the one that the service runs as. base64url needs no quoting. Databases
 * are made apart: an operator runs this as one query, in whose transaction Postgres makes none.
 */
const rolesSql = (databases: readonly DatabaseRoles[]): string[] =>
  databases.flatMap(({ name, password, ownerPassword }) => [
    `create role ${name} login password '${password}';`,
    `create role ${name}_owner login password '${ownerPassword}';`,
    `alter database ${name} owner to ${name}_owner;`,
    `revoke all on database ${name} from public;`,
    `grant connect on database ${name} to ${name};`,
  ]);

/** Postgres without a server reads a statement up to an empty line. */
const asScript = (statements: readonly string[]): string => `${statements.join("\n\n")}\n`;

/** Prints manifests: they go straight into a cluster or a vault, and nothing of them is kept here. */
export function addCreateSecrets(program: Command): void {
  program
    .command("create-secrets")
    .summary("make the keys of a new deployment and print them as Kubernetes secrets, once")
    .requiredOption("--kid <name>", "name of the keys, such as 2027-01")
    .option("--database <host:port>", "Postgres, as pods reach it", "topdog-postgres:5432")
    .addHelpText(
      "after",
      "\nExample:\n  npm run -s topdog -- create-secrets --kid 2027-01 | kubectl -n topdog create -f -",
    )
    .action((options: SecretOptions) => {
      console.log(JSON.stringify({ apiVersion: "v1", kind: "List", items: createSecrets(options) }, null, 2));
    });
}
