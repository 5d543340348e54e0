import { apiKeyChanged, apiKeyCreated, apiKeyRevoked } from "./events/api-key-events.ts";
import { byokSettingsChanged, credentialEvents } from "./events/credential-events.ts";
import { auditAnchored } from "./events/audit-anchored.ts";
import { memberChanged, orgRulesChanged, orgUpdated } from "./events/org-events.ts";
import { providerStateChanged } from "./events/provider-state-changed.ts";
import { quotaExhausted } from "./events/quota-exhausted.ts";
import { sessionRevoked } from "./events/session-revoked.ts";
import { subscriptionUpdated } from "./events/subscription-updated.ts";
import { singleUsageConsumed, usageConsumed } from "./events/usage-consumed.ts";
import { usageSummed } from "./events/usage-summed.ts";
import type { ServiceName } from "./services.ts";

/** JetStream streams and durables, declared here alone and applied by a migration step, never by a service at start. */
export interface StreamDeclaration {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly duplicateWindowMs: number;
}

export interface DurableDeclaration {
  readonly stream: string;
  /** `<service>-on-<event>`, from the second version on with `-v<major>`: one durable per service and subject. */
  readonly name: string;
  /** The one service that reads it, and that may set its events aside as dead letters. */
  readonly service: ServiceName;
  readonly subject: string;
  readonly ackWaitMs: number;
  /** Deliveries before the message goes to the dead-letter stream. */
  readonly maxDeliveries: number;
  readonly maxAckPending: number;
}

const deadLetterPrefix = "topdog.deadletter.";
export const deadLetterStream = "TOPDOG_DEAD_LETTERS";
/** Shows dead letters to operators, and takes them away. */
export const deadLetterKeeper: ServiceName = "org-registry";

/** Where a durable's reader puts an event that it cannot handle. */
export const deadLetterSubject = (durableName: string): string => `${deadLetterPrefix}${durableName}`;

const dayMs = 86_400_000;
type WithSubject = { readonly subject: string };
const subjectsOf = (...events: WithSubject[]): string[] => events.map((event) => event.subject);

export const streams: readonly StreamDeclaration[] = [
  {
    name: "TOPDOG_STATE",
    subjects: subjectsOf(
      subscriptionUpdated,
      orgUpdated,
      orgRulesChanged,
      memberChanged,
      apiKeyCreated,
      apiKeyChanged,
      apiKeyRevoked,
      ...credentialEvents,
      byokSettingsChanged,
      sessionRevoked,
      auditAnchored,
      providerStateChanged,
      quotaExhausted,
    ),
    maxAgeMs: 400 * dayMs,
    maxBytes: 2 * 1024 ** 3,
    duplicateWindowMs: 600_000,
  },
  {
    name: "TOPDOG_USAGE",
    subjects: subjectsOf(usageConsumed, singleUsageConsumed, usageSummed),
    maxAgeMs: 14 * dayMs,
    maxBytes: 8 * 1024 ** 3,
    duplicateWindowMs: 600_000,
  },
  {
    name: deadLetterStream,
    subjects: [`${deadLetterPrefix}>`],
    maxAgeMs: 90 * dayMs,
    maxBytes: 1024 ** 3,
    duplicateWindowMs: 600_000,
  },
];

function eventNameOf({ subject }: WithSubject): string {
  const [, aggregate, verb, version] = subject.split(".");
  const name = `${aggregate}-${verb}`.replaceAll("_", "-");
  return version === "v1" ? name : `${name}-${version}`;
}

const durable = (
  stream: string,
  service: ServiceName,
  event: WithSubject,
  maxAckPending: number,
): DurableDeclaration => ({
  stream,
  service,
  name: `${service}-on-${eventNameOf(event)}`,
  subject: event.subject,
  ackWaitMs: 10_000,
  maxDeliveries: 8,
  maxAckPending,
});

export const durables: readonly DurableDeclaration[] = [
  durable("TOPDOG_STATE", "quota", subscriptionUpdated, 256),
  durable("TOPDOG_STATE", "org-registry", subscriptionUpdated, 256),
  durable("TOPDOG_STATE", "billing", orgUpdated, 256),
  durable("TOPDOG_STATE", "billing", memberChanged, 256),
  durable("TOPDOG_STATE", "llm-router", orgUpdated, 256),
  durable("TOPDOG_STATE", "llm-router", memberChanged, 256),
  // Messages of up to 512 KiB each.
  durable("TOPDOG_USAGE", "quota", usageConsumed, 256),
  durable("TOPDOG_USAGE", "quota", singleUsageConsumed, 4096),
  durable("TOPDOG_USAGE", "billing", usageSummed, 256),
  durable("TOPDOG_USAGE", "org-registry", usageSummed, 256),
];

/** The durable that a service consumes an event with; throws when none is declared (a bug). */
export function durableFor(service: ServiceName, subject: string): DurableDeclaration {
  const found = durables.find((one) => one.subject === subject && one.service === service);
  if (found === undefined) throw new Error(`no durable is declared for ${service} on ${subject}`);
  return found;
}
