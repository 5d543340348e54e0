/** Series that do not come from our code, with their own labels: Prometheus itself, and the NATS exporter of the charts. */
export const exporterSeries: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ["alertname", "alertstate", "severity", "slo"],
  jetstream_consumer_num_pending: ["stream_name", "consumer_name"],
  jetstream_consumer_num_ack_pending: ["stream_name", "consumer_name"],
  jetstream_consumer_num_redelivered: ["stream_name", "consumer_name"],
  jetstream_stream_total_messages: ["stream_name"],
  jetstream_stream_total_bytes: ["stream_name"],
};
