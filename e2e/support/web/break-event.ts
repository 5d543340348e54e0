import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { connectBus } from "@topdog/messaging/connect";
import { envelopeHeaders } from "@topdog/messaging/envelope";
import { publishStored } from "@topdog/messaging/publish";
import type { Stack } from "@topdog/local-stack/stack";
import { silentLogger } from "@topdog/testing/logger";

const timeoutMs = 5_000;

/** Publishes an event in the name of a service that may not say it: every consumer of it gives it up at once. */
export async function breakSubscriptionEvent({ nats, operatorBusSeed }: Stack): Promise<void> {
  const bus = await connectBus({ url: nats.url, seed: operatorBusSeed, name: "operator", logger: silentLogger() });
  const { subject } = subscriptionUpdated;
  const fields = { id: "broken", type: subject, source: "quota", time: new Date(), traceparent: undefined };
  const body = new TextEncoder().encode(JSON.stringify(subscriptionUpdated.example));
  try {
    await publishStored(bus, { subject, body, headers: envelopeHeaders(fields), id: fields.id }, timeoutMs);
  } finally {
    await bus.close();
  }
}
