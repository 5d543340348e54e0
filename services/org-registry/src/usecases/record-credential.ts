import { credentialAdded, credentialChanged, credentialRevoked } from "@topdog/contracts/events/credential-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { Credential } from "../domain/credential.ts";
import { type AuditEntry, appendAudit } from "../store/audit-log.ts";

const events = {
  "credential.added": credentialAdded,
  "credential.changed": credentialChanged,
  "credential.rotated": credentialChanged,
  "credential.disabled": credentialChanged,
  "credential.revoked": credentialRevoked,
} as const;

interface Act {
  readonly actor: string;
  readonly action: keyof typeof events;
  readonly reason?: string;
  /** Without secrets. */
  readonly details: AuditEntry["details"];
}

/** The audit row and the event of one change, in its transaction. */
export async function recordCredential(
  trx: Transaction,
  { id, tenant, provider, version }: Pick<Credential, "id" | "tenant" | "provider" | "version">,
  { actor, action, reason, details }: Act,
  at: Date,
): Promise<void> {
  const entry = { chain: tenant, at, actor, action, target: id, reason, details: { provider, version, ...details } };
  await appendAudit(trx, entry);
  await appendOutbox(trx, events[action], { credentialId: id, tenant, provider, version, at: at.toISOString() });
}
