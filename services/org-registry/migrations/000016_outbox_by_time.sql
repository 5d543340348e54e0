-- Gateways ask every few seconds for what was written since they last asked.

create index outbox_created_at on outbox (created_at);
