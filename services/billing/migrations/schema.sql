-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
customer.epoch integer not null default 1
customer.owner text not null
customer.resync_at timestamp with time zone
customer.stripe_customer_id text
customer.sync_applied integer not null default 0
customer.sync_fence integer not null default 0
customer.sync_until timestamp with time zone
customer.synced_at timestamp with time zone
money_operation.attempt integer not null default 1
money_operation.created_at timestamp with time zone not null
money_operation.id text not null
money_operation.kind text not null
money_operation.owner text not null
money_operation.params jsonb not null
money_operation.refusal text
money_operation.result jsonb
money_operation.state text not null
money_operation.touched_at timestamp with time zone not null
mrr_movement.after_micro_usd bigint not null
mrr_movement.at timestamp with time zone not null
mrr_movement.before_micro_usd bigint not null
mrr_movement.id bigint not null generated always as identity
mrr_movement.interval text not null
mrr_movement.kind text not null
mrr_movement.owner text not null
mrr_movement.plan text not null
org_member.active boolean not null
org_member.changed_at timestamp with time zone not null
org_member.org_id text not null
org_member.role text not null
org_member.user_id text not null
org_member.version integer not null
org_seats.active_members integer not null
org_seats.changed_at timestamp with time zone not null
org_seats.deletion text not null default 'none'::text
org_seats.deletion_acted text not null default 'none'::text
org_seats.org_id text not null
org_seats.owner_user_id text not null
org_seats.version integer not null
outbox.created_at timestamp with time zone not null default now()
outbox.id text not null
outbox.payload text not null
outbox.sent_at timestamp with time zone
outbox.seq bigint not null generated always as identity
outbox.subject text not null
outbox.traceparent text
plan_cost.calls bigint not null
plan_cost.cost_nano_usd bigint not null
plan_cost.day date not null
plan_cost.plan text not null
processed_event.consumer text not null
processed_event.event_id text not null
processed_event.processed_at timestamp with time zone not null default now()
quarantine.detail text not null
quarantine.first_seen_at timestamp with time zone not null
quarantine.id bigint not null generated always as identity
quarantine.kind text not null
quarantine.last_seen_at timestamp with time zone not null
quarantine.owner text
quarantine.resolution text
quarantine.resolved_at timestamp with time zone
quarantine.subject text not null
stripe_state.changed_at timestamp with time zone not null
stripe_state.details jsonb not null
stripe_state.interval text
stripe_state.mrr_micro_usd bigint not null
stripe_state.owner text not null
stripe_state.plan text
stripe_state.seats integer
stripe_state.status text
stripe_state.subscription_id text
subscription.changed_at timestamp with time zone not null
subscription.interval text not null
subscription.owner text not null
subscription.plan text not null
subscription.seats integer not null
subscription.source text not null default 'operator'::text
subscription.status text not null
subscription.version integer not null
sweep_pass.after_id text
sweep_pass.finished_at timestamp with time zone
sweep_pass.id integer not null default 1
sweep_pass.started_at timestamp with time zone not null
usage_cost.calls bigint not null
usage_cost.cost_nano_usd bigint not null
usage_cost.day date not null
usage_cost.plan text not null
usage_counted.counted_at timestamp with time zone not null default now()
usage_counted.usage_id text not null
usage_part.calls bigint not null
usage_part.cost_nano_usd bigint not null
usage_part.day date not null
usage_part.owner text not null
usage_part.user_id text not null
usage_part.version bigint not null
usage_sums_begin.day date not null
webhook_event.api_version text
webhook_event.attempts integer not null default 0
webhook_event.created_at timestamp with time zone not null
webhook_event.customer_id text
webhook_event.id text not null
webhook_event.last_error text
webhook_event.next_attempt_at timestamp with time zone not null default now()
webhook_event.object_path text
webhook_event.received_at timestamp with time zone not null default now()
webhook_event.settled_at timestamp with time zone
webhook_event.state text not null default 'pending'::text
webhook_event.type text not null

-- constraints
customer.customer_check CHECK (((sync_applied >= 0) AND (sync_applied <= sync_fence)))
customer.customer_epoch_check CHECK ((epoch >= 1))
customer.customer_owner_check CHECK ((owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
customer.customer_pkey PRIMARY KEY (owner)
customer.customer_stripe_customer_id_key UNIQUE (stripe_customer_id)
customer.customer_sync_fence_check CHECK ((sync_fence >= 0))
money_operation.money_operation_attempt_check CHECK ((attempt >= 1))
money_operation.money_operation_kind_check CHECK ((kind = ANY (ARRAY['checkout'::text, 'change'::text, 'schedule'::text, 'cancel'::text, 'resume'::text, 'close'::text])))
money_operation.money_operation_owner_fkey FOREIGN KEY (owner) REFERENCES customer(owner)
money_operation.money_operation_pkey PRIMARY KEY (id)
money_operation.money_operation_state_check CHECK ((state = ANY (ARRAY['started'::text, 'done'::text, 'refused'::text])))
mrr_movement.mrr_movement_after_micro_usd_check CHECK ((after_micro_usd >= 0))
mrr_movement.mrr_movement_before_micro_usd_check CHECK ((before_micro_usd >= 0))
mrr_movement.mrr_movement_kind_check CHECK ((kind = ANY (ARRAY['new'::text, 'expansion'::text, 'contraction'::text, 'churn'::text, 'reactivation'::text])))
mrr_movement.mrr_movement_pkey PRIMARY KEY (id)
org_member.org_member_pkey PRIMARY KEY (org_id, user_id)
org_member.org_member_version_check CHECK ((version >= 1))
org_seats.org_seats_active_members_check CHECK ((active_members >= 0))
org_seats.org_seats_deletion_acted_check CHECK ((deletion_acted = ANY (ARRAY['none'::text, 'announced'::text, 'done'::text])))
org_seats.org_seats_deletion_check CHECK ((deletion = ANY (ARRAY['none'::text, 'announced'::text, 'done'::text])))
org_seats.org_seats_pkey PRIMARY KEY (org_id)
org_seats.org_seats_version_check CHECK ((version >= 1))
outbox.outbox_id_key UNIQUE (id)
outbox.outbox_pkey PRIMARY KEY (seq)
plan_cost.plan_cost_pkey PRIMARY KEY (day, plan)
processed_event.processed_event_pkey PRIMARY KEY (consumer, event_id)
quarantine.quarantine_kind_check CHECK ((kind = ANY (ARRAY['unknown_price'::text, 'unknown_status'::text, 'several_items'::text, 'wrong_owner_kind'::text, 'below_minimum'::text, 'extra_subscription'::text, 'orphan_customer'::text, 'money_went_back'::text, 'tax_location_missing'::text, 'period_missing'::text])))
quarantine.quarantine_pkey PRIMARY KEY (id)
stripe_state.stripe_state_interval_check CHECK (("interval" = ANY (ARRAY['month'::text, 'year'::text])))
stripe_state.stripe_state_mrr_micro_usd_check CHECK ((mrr_micro_usd >= 0))
stripe_state.stripe_state_owner_fkey FOREIGN KEY (owner) REFERENCES customer(owner)
stripe_state.stripe_state_pkey PRIMARY KEY (owner)
stripe_state.stripe_state_seats_check CHECK ((seats >= 0))
subscription.subscription_interval_check CHECK (("interval" = ANY (ARRAY['month'::text, 'year'::text])))
subscription.subscription_owner_check CHECK ((owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
subscription.subscription_pkey PRIMARY KEY (owner)
subscription.subscription_seats_check CHECK (((seats >= 1) AND (seats <= 1000000)))
subscription.subscription_source_check CHECK ((source = ANY (ARRAY['operator'::text, 'stripe'::text])))
subscription.subscription_status_check CHECK ((status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text, 'canceled'::text])))
subscription.subscription_version_check CHECK ((version >= 1))
sweep_pass.sweep_pass_id_check CHECK ((id = 1))
sweep_pass.sweep_pass_pkey PRIMARY KEY (id)
usage_cost.usage_cost_calls_check CHECK ((calls >= 0))
usage_cost.usage_cost_cost_nano_usd_check CHECK ((cost_nano_usd >= 0))
usage_cost.usage_cost_pkey PRIMARY KEY (day, plan)
usage_counted.usage_counted_pkey PRIMARY KEY (usage_id)
usage_part.usage_part_pkey PRIMARY KEY (owner, day, user_id)
usage_sums_begin.usage_sums_begin_pkey PRIMARY KEY (day)
webhook_event.webhook_event_attempts_check CHECK ((attempts >= 0))
webhook_event.webhook_event_pkey PRIMARY KEY (id)
webhook_event.webhook_event_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'ignored'::text, 'failed'::text])))

-- indexes
CREATE INDEX customer_resync_at ON public.customer USING btree (resync_at) WHERE (resync_at IS NOT NULL)
CREATE INDEX money_operation_owner ON public.money_operation USING btree (owner, kind, created_at)
CREATE INDEX mrr_movement_at ON public.mrr_movement USING btree (at)
CREATE INDEX mrr_movement_owner ON public.mrr_movement USING btree (owner, id)
CREATE INDEX org_seats_deletion ON public.org_seats USING btree (org_id) WHERE (deletion <> deletion_acted)
CREATE INDEX outbox_sent_at ON public.outbox USING btree (sent_at) WHERE (sent_at IS NOT NULL)
CREATE INDEX outbox_unsent ON public.outbox USING btree (seq) WHERE (sent_at IS NULL)
CREATE INDEX quarantine_open_owner ON public.quarantine USING btree (owner) WHERE (resolved_at IS NULL)
CREATE INDEX usage_counted_at ON public.usage_counted USING btree (counted_at)
CREATE INDEX usage_part_by_day ON public.usage_part USING btree (day)
CREATE INDEX webhook_event_customer ON public.webhook_event USING btree (customer_id) WHERE (state = 'pending'::text)
CREATE INDEX webhook_event_pending ON public.webhook_event USING btree (next_attempt_at) WHERE (state = 'pending'::text)
CREATE INDEX webhook_event_settled ON public.webhook_event USING btree (settled_at) WHERE (settled_at IS NOT NULL)
CREATE UNIQUE INDEX customer_pkey ON public.customer USING btree (owner)
CREATE UNIQUE INDEX customer_stripe_customer_id_key ON public.customer USING btree (stripe_customer_id)
CREATE UNIQUE INDEX money_operation_pkey ON public.money_operation USING btree (id)
CREATE UNIQUE INDEX money_operation_started ON public.money_operation USING btree (owner) WHERE (state = 'started'::text)
CREATE UNIQUE INDEX mrr_movement_pkey ON public.mrr_movement USING btree (id)
CREATE UNIQUE INDEX org_member_pkey ON public.org_member USING btree (org_id, user_id)
CREATE UNIQUE INDEX org_seats_pkey ON public.org_seats USING btree (org_id)
CREATE UNIQUE INDEX outbox_id_key ON public.outbox USING btree (id)
CREATE UNIQUE INDEX outbox_pkey ON public.outbox USING btree (seq)
CREATE UNIQUE INDEX plan_cost_pkey ON public.plan_cost USING btree (day, plan)
CREATE UNIQUE INDEX processed_event_pkey ON public.processed_event USING btree (consumer, event_id)
CREATE UNIQUE INDEX quarantine_open ON public.quarantine USING btree (kind, subject) WHERE (resolved_at IS NULL)
CREATE UNIQUE INDEX quarantine_pkey ON public.quarantine USING btree (id)
CREATE UNIQUE INDEX stripe_state_pkey ON public.stripe_state USING btree (owner)
CREATE UNIQUE INDEX subscription_pkey ON public.subscription USING btree (owner)
CREATE UNIQUE INDEX sweep_pass_pkey ON public.sweep_pass USING btree (id)
CREATE UNIQUE INDEX usage_cost_pkey ON public.usage_cost USING btree (day, plan)
CREATE UNIQUE INDEX usage_counted_pkey ON public.usage_counted USING btree (usage_id)
CREATE UNIQUE INDEX usage_part_pkey ON public.usage_part USING btree (owner, day, user_id)
CREATE UNIQUE INDEX usage_sums_begin_pkey ON public.usage_sums_begin USING btree (day)
CREATE UNIQUE INDEX webhook_event_pkey ON public.webhook_event USING btree (id)

-- privileges of others than the owner
customer: delete, insert, select, update
money_operation: delete, insert, select, update
mrr_movement: delete, insert, select, update
org_member: delete, insert, select, update
org_seats: delete, insert, select, update
outbox: delete, insert, select, update
plan_cost: delete, insert, select, update
processed_event: delete, insert, select, update
quarantine: delete, insert, select, update
stripe_state: delete, insert, select, update
subscription: delete, insert, select, update
sweep_pass: delete, insert, select, update
usage_cost: delete, insert, select, update
usage_counted: delete, insert, select, update
usage_part: delete, insert, select, update
usage_sums_begin: delete, insert, select, update
webhook_event: delete, insert, select, update
