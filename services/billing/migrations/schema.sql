-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
org_seats.active_members integer not null
org_seats.changed_at timestamp with time zone not null
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
processed_event.consumer text not null
processed_event.event_id text not null
processed_event.processed_at timestamp with time zone not null default now()
subscription.changed_at timestamp with time zone not null
subscription.interval text not null
subscription.owner text not null
subscription.plan text not null
subscription.seats integer not null
subscription.status text not null
subscription.version integer not null

-- constraints
org_seats.org_seats_active_members_check CHECK ((active_members >= 0))
org_seats.org_seats_pkey PRIMARY KEY (org_id)
org_seats.org_seats_version_check CHECK ((version >= 1))
outbox.outbox_id_key UNIQUE (id)
outbox.outbox_pkey PRIMARY KEY (seq)
processed_event.processed_event_pkey PRIMARY KEY (consumer, event_id)
subscription.subscription_interval_check CHECK (("interval" = ANY (ARRAY['month'::text, 'year'::text])))
subscription.subscription_owner_check CHECK ((owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
subscription.subscription_pkey PRIMARY KEY (owner)
subscription.subscription_seats_check CHECK (((seats >= 1) AND (seats <= 1000000)))
subscription.subscription_status_check CHECK ((status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text, 'canceled'::text])))
subscription.subscription_version_check CHECK ((version >= 1))

-- indexes
CREATE INDEX outbox_sent_at ON public.outbox USING btree (sent_at) WHERE (sent_at IS NOT NULL)
CREATE INDEX outbox_unsent ON public.outbox USING btree (seq) WHERE (sent_at IS NULL)
CREATE UNIQUE INDEX org_seats_pkey ON public.org_seats USING btree (org_id)
CREATE UNIQUE INDEX outbox_id_key ON public.outbox USING btree (id)
CREATE UNIQUE INDEX outbox_pkey ON public.outbox USING btree (seq)
CREATE UNIQUE INDEX processed_event_pkey ON public.processed_event USING btree (consumer, event_id)
CREATE UNIQUE INDEX subscription_pkey ON public.subscription USING btree (owner)
