import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createKeyPair } from "@topdog/caller-token/keys";
import { createVaultKeys } from "@topdog/vault/keyring";
import { type BusSeeds, keptBusSeeds } from "./bus-keys.ts";
import { takeLock } from "./lock-file.ts";
import { removePostgresHome } from "./postgres-home.ts";

/** As the two variables take them. */
export type KeyPair = ReturnType<typeof createKeyPair>;

/** Where everything that survives a restart is kept. It belongs to one running stack at a time. */
export interface StateFolder {
  readonly postgres: string;
  readonly nats: string;
  readonly spool: string;
  readonly demoKeys: string;
  /** The gateway's: sign and verify who calls the other services. */
  readonly callerKeys: KeyPair;
  /** The router's: prove to gateways that it is one. */
  readonly routerKeys: KeyPair;
  /** Key-encryption keys of provider credentials, as the variable takes them. */
  readonly vaultKeys: string;
  readonly fingerprintKey: string;
  /** Hash the audit log of org-registry. */
  readonly auditKeys: string;
  /** Opens operators' paths on public ports. */
  readonly operatorToken: string;
  /** Seals people's second factors. */
  readonly authSecret: string;
  /** Mails that would be sent. */
  readonly mail: string;
  /** What the Stripe twin keeps. */
  readonly stripeTwin: string;
  /** Signs the twin's webhooks. */
  readonly stripeWebhookSecret: string;
  /** Who the services are on the bus. */
  readonly busSeeds: BusSeeds;
  release(): void;
}

const lockName = "running.lock";
/** All that is ever wiped: someone may give a folder that holds other things too. */
const contents = [
  "nats",
  "spool",
  "leases",
  "logs",
  "demo-keys.json",
  "caller-key.json",
  "router-key.json",
  "vault-keys.json",
  "fingerprint-key",
  "operator-token",
  "auth-secret",
  "mail",
  "stripe-twin",
  "stripe-webhook-secret",
  "audit-key",
  "bus-seeds.json",
];

/** Takes the folder, made when absent and emptied when `fresh`. Throws when another stack runs on it. */
export function openStateFolder(dataDir: string, fresh: boolean): StateFolder {
  const folder = resolve(dataDir);
  mkdirSync(folder, { recursive: true });
  const lock = takeLock(join(folder, lockName));
  if (!lock.held)
    throw new Error(`process ${lock.byPid} already runs on ${folder}: stop it, or give another data folder`);
  const postgres = join(folder, "postgres");
  if (fresh) {
    removePostgresHome(postgres);
    for (const name of contents) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return {
    postgres,
    nats: join(folder, "nats"),
    spool: join(folder, "spool"),
    demoKeys: join(folder, "demo-keys.json"),
    vaultKeys: keptText(join(folder, "vault-keys.json"), () => createVaultKeys("npm-start")),
    fingerprintKey: keptText(join(folder, "fingerprint-key"), randomText),
    operatorToken: keptText(join(folder, "operator-token"), randomText),
    authSecret: keptText(join(folder, "auth-secret"), randomText),
    mail: join(folder, "mail"),
    stripeTwin: join(folder, "stripe-twin"),
    stripeWebhookSecret: keptText(join(folder, "stripe-webhook-secret"), () => `whsec_${randomText()}`),
    auditKeys: `local:${keptText(join(folder, "audit-key"), randomText)}`,
    callerKeys: keptKeyPair(join(folder, "caller-key.json")),
    routerKeys: keptKeyPair(join(folder, "router-key.json")),
    busSeeds: keptBusSeeds(join(folder, "bus-seeds.json")),
    release: () => lock.release(),
  };
}

/** The pair in `file`, for this machine's user alone; made when there is none. */
function keptKeyPair(file: string): KeyPair {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, JSON.stringify(createKeyPair("npm-start")), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return JSON.parse(readFileSync(file, "utf8")) as KeyPair;
}

const randomText = (): string => randomBytes(32).toString("base64url");

function keptText(file: string, make: () => string): string {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, make(), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, "utf8");
}
