import { type Board, lines, query, rate } from "./board.ts";

export const busBoard: Board = {
  uid: "topdog-bus",
  title: "Top Dog: bus and events",
  description: "Outboxes, consumers, and JetStream as the NATS exporter sees it.",
  rows: [
    {
      title: "Our side",
      panels: [
        lines(
          "Oldest unsent event",
          "s",
          "Age of the oldest event in each outbox.",
          [query("max by (service) (topdog_messaging_outbox_oldest_unsent_seconds)", "{{service}}")],
          { badFrom: 60 },
        ),
        lines("Events sent", "ops", "By the relays.", [
          query(rate("service", "topdog_messaging_outbox_sent_events_total"), "{{service}}"),
          query(rate("service", "topdog_messaging_outbox_failed_batches_total"), "failed batches of {{service}}"),
        ]),
        lines("Deliveries", "ops", "dead_lettered and invalid ones are an operator's.", [
          query(rate("service, outcome", "topdog_messaging_consumed_events_total"), "{{service}} {{outcome}}"),
        ]),
        lines("Lost and announced again", "short", "Snapshots that another service lacked at the last comparison.", [
          query("max by (keeper) (topdog_billing_lost_snapshots)", "subscriptions at {{keeper}}"),
          query("max by (of) (topdog_org_registry_lost_snapshots)", "{{of}}s at billing"),
        ]),
        lines("Refused by the bus", "short", "Must stay 0.", [
          query(
            "sum by (service, operation) (increase(topdog_messaging_refused_operations_total[1h]))",
            "{{service}} {{operation}}",
          ),
        ]),
      ],
    },
    {
      title: "JetStream (needs the NATS exporter)",
      panels: [
        lines("Waiting for a consumer", "short", "Messages that a durable has not been given yet.", [
          query("max by (consumer_name) (jetstream_consumer_num_pending)", "{{consumer_name}}"),
        ]),
        lines("Not acknowledged", "short", "Given and not done.", [
          query("max by (consumer_name) (jetstream_consumer_num_ack_pending)", "{{consumer_name}}"),
        ]),
        lines("Delivered again", "short", "Messages that failed, or whose acknowledgement was lost.", [
          query("max by (consumer_name) (jetstream_consumer_num_redelivered)", "{{consumer_name}}"),
        ]),
        lines("Streams", "bytes", "What they hold.", [
          query("max by (stream_name) (jetstream_stream_total_bytes)", "{{stream_name}}"),
        ]),
      ],
    },
  ],
};
