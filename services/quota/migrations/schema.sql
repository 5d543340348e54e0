-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
bucket.cap integer not null
bucket.ceiling_version integer
bucket.changed_at timestamp with time zone not null default utc_now()
bucket.daily_limit integer not null
bucket.day date not null
bucket.escrow integer not null default 0
bucket.exhausted_published boolean not null default false
bucket.meter text not null
bucket.owner text not null
bucket.plan text
bucket.refunded integer not null default 0
bucket.settled integer not null default 0
bucket.subscription_owner text
bucket.told_exhausted boolean not null default false
entitlement.changed_at timestamp with time zone
entitlement.owner text not null
entitlement.plan text not null
entitlement.seats integer not null
entitlement.version bigint not null
gateway.gateway_id text not null
gateway.last_seen timestamp with time zone not null
lease.acked integer not null default 0
lease.burned integer not null default 0
lease.credit_window integer not null
lease.day date not null
lease.final_used integer
lease.gateway_id text not null
lease.highest_seq integer not null default 0
lease.lease_id bigint not null generated always as identity
lease.member text
lease.meter text not null
lease.owner text not null
lease.reported integer not null default 0
lease.returned integer not null default 0
lease.size integer not null
lease.state text not null default 'open'::text
lease.touched_at timestamp with time zone not null default utc_now()
lease_proof.charges integer not null
lease_proof.day date not null
lease_proof.highest_seq integer not null
lease_proof.lease_id bigint not null
lease_proof.refunds integer not null
lease_proof.unknown_rows integer not null
ledger.amount smallint not null
ledger.attempts integer
ledger.completed_at timestamp with time zone
ledger.completion_tokens integer
ledger.cost_nano_usd bigint
ledger.day date not null
ledger.endpoint text
ledger.entry text not null
ledger.estimated boolean
ledger.finished_at timestamp with time zone
ledger.key_id text
ledger.lease_id bigint not null
ledger.meter text not null
ledger.model text
ledger.org_id text
ledger.outcome text
ledger.prompt_tokens integer
ledger.provider text
ledger.recorded_at timestamp with time zone not null default utc_now()
ledger.request_id text
ledger.seq integer not null
ledger.source text
ledger.started_at timestamp with time zone
ledger.state text not null
ledger.streamed boolean
ledger.user_id text
ledger_default.amount smallint not null
ledger_default.attempts integer
ledger_default.completed_at timestamp with time zone
ledger_default.completion_tokens integer
ledger_default.cost_nano_usd bigint
ledger_default.day date not null
ledger_default.endpoint text
ledger_default.entry text not null
ledger_default.estimated boolean
ledger_default.finished_at timestamp with time zone
ledger_default.key_id text
ledger_default.lease_id bigint not null
ledger_default.meter text not null
ledger_default.model text
ledger_default.org_id text
ledger_default.outcome text
ledger_default.prompt_tokens integer
ledger_default.provider text
ledger_default.recorded_at timestamp with time zone not null default utc_now()
ledger_default.request_id text
ledger_default.seq integer not null
ledger_default.source text
ledger_default.started_at timestamp with time zone
ledger_default.state text not null
ledger_default.streamed boolean
ledger_default.user_id text
ledger_delta.charges integer not null
ledger_delta.day date not null
ledger_delta.delta_id bigint not null generated always as identity
ledger_delta.highest_seq integer not null
ledger_delta.lease_id bigint not null
ledger_delta.noted_at timestamp with time zone not null default clock_timestamp()
ledger_delta.refunds integer not null
ledger_delta.unknown_rows integer not null
member_draw.asked_at timestamp with time zone not null
member_draw.day date not null
member_draw.drawn integer not null
member_draw.member text not null
member_draw.meter text not null
member_draw.owner text not null
metering_gap.actual bigint not null
metering_gap.checked_at timestamp with time zone not null default clock_timestamp()
metering_gap.day date not null
metering_gap.expected bigint not null
metering_gap.guarantee text not null
metering_gap.kind text not null
metering_gap.lease_id bigint not null
metering_gap.meter text not null
metering_gap.owner text not null
metering_gap.since timestamp with time zone not null default clock_timestamp()
metering_gap.written_off text
outbox.created_at timestamp with time zone not null default now()
outbox.id text not null
outbox.payload text not null
outbox.sent_at timestamp with time zone
outbox.seq bigint not null generated always as identity
outbox.subject text not null
outbox.traceparent text
permit.changed_at timestamp with time zone not null
permit.gateway_id text not null
permit.held integer not null
permit.owner text not null
permit.server_started text not null default (EXTRACT(epoch FROM pg_postmaster_start_time()))::text
permit.version bigint not null
processed_event.consumer text not null
processed_event.event_id text not null
processed_event.processed_at timestamp with time zone not null default now()
proven_bucket.day date not null
proven_bucket.meter text not null
proven_bucket.owner text not null
proven_day.buckets integer not null
proven_day.charges bigint not null
proven_day.day date not null
proven_day.refunds bigint not null
proven_day.unknown_rows bigint not null
told_store.created text not null
told_store.is_only boolean not null default true
usage_rollup.answered_calls bigint not null
usage_rollup.at timestamp with time zone not null
usage_rollup.calls bigint not null
usage_rollup.completion_tokens bigint not null
usage_rollup.cost_nano_usd bigint not null
usage_rollup.grain text not null
usage_rollup.key_id text not null
usage_rollup.llm_requests bigint not null
usage_rollup.model text
usage_rollup.prompt_tokens bigint not null
usage_rollup.provider text
usage_rollup.refunded_calls bigint not null
usage_rollup.source text not null
usage_rollup.tenant text not null
usage_rollup.unpriced_calls bigint not null
usage_rollup.user_id text not null
usage_rollup_delta.answered_calls bigint not null
usage_rollup_delta.at timestamp with time zone not null
usage_rollup_delta.calls bigint not null
usage_rollup_delta.completion_tokens bigint not null
usage_rollup_delta.cost_nano_usd bigint not null
usage_rollup_delta.delta_id bigint not null generated always as identity
usage_rollup_delta.key_id text not null
usage_rollup_delta.llm_requests bigint not null
usage_rollup_delta.model text
usage_rollup_delta.prompt_tokens bigint not null
usage_rollup_delta.provider text
usage_rollup_delta.refunded_calls bigint not null
usage_rollup_delta.source text not null
usage_rollup_delta.tenant text not null
usage_rollup_delta.unpriced_calls bigint not null
usage_rollup_delta.user_id text not null

-- constraints
bucket.bucket_daily_limit_check CHECK ((daily_limit >= 0))
bucket.bucket_escrow_check CHECK ((escrow >= 0))
bucket.bucket_has_a_plan_or_a_ceiling CHECK ((((meter = 'capped_calls'::text) = (ceiling_version IS NOT NULL)) AND ((meter = 'capped_calls'::text) = (plan IS NULL)) AND ((meter = 'capped_calls'::text) = (subscription_owner IS NULL))))
bucket.bucket_meter_check CHECK ((meter = ANY (ARRAY['api_calls'::text, 'llm_requests'::text, 'capped_calls'::text])))
bucket.bucket_never_oversold CHECK ((((settled + escrow) <= cap) AND (daily_limit <= cap)))
bucket.bucket_pkey PRIMARY KEY (owner, meter, day)
bucket.bucket_refunded_check CHECK ((refunded >= 0))
bucket.bucket_settled_check CHECK ((settled >= 0))
entitlement.entitlement_pkey PRIMARY KEY (owner)
entitlement.entitlement_seats_check CHECK ((seats >= 1))
entitlement.entitlement_version_check CHECK ((version >= 0))
gateway.gateway_pkey PRIMARY KEY (gateway_id)
lease.lease_acked_check CHECK ((acked >= 0))
lease.lease_burned_check CHECK ((burned >= 0))
lease.lease_charged_what_it_held CHECK ((highest_seq <= (size - returned)))
lease.lease_closed_holds_nothing CHECK (((state = 'open'::text) OR (((acked + returned) + burned) = size)))
lease.lease_credit_window_check CHECK ((credit_window >= 1))
lease.lease_final_is_exact CHECK (((final_used IS NULL) OR ((final_used = acked) AND (burned = 0))))
lease.lease_highest_seq_check CHECK ((highest_seq >= 0))
lease.lease_holds_no_more_than_its_size CHECK ((((acked + returned) + burned) <= size))
lease.lease_open_burns_nothing CHECK (((state = 'closed'::text) OR ((burned = 0) AND (final_used IS NULL))))
lease.lease_owner_meter_day_fkey FOREIGN KEY (owner, meter, day) REFERENCES bucket(owner, meter, day)
lease.lease_pkey PRIMARY KEY (lease_id)
lease.lease_reported_check CHECK ((reported >= 0))
lease.lease_reported_is_acked CHECK ((reported <= acked))
lease.lease_returned_check CHECK ((returned >= 0))
lease.lease_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])))
lease_proof.lease_proof_pkey PRIMARY KEY (day, lease_id)
ledger.ledger_amount_matches_entry CHECK ((amount =
CASE entry
    WHEN 'charge'::text THEN 1
    ELSE '-1'::integer
END))
ledger.ledger_entry_check CHECK ((entry = ANY (ARRAY['charge'::text, 'refund'::text])))
ledger.ledger_pkey PRIMARY KEY (lease_id, seq, entry, day)
ledger.ledger_seq_check CHECK ((seq >= 1))
ledger.ledger_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'completed'::text, 'unknown'::text])))
ledger_default.ledger_amount_matches_entry CHECK ((amount =
CASE entry
    WHEN 'charge'::text THEN 1
    ELSE '-1'::integer
END))
ledger_default.ledger_default_pkey PRIMARY KEY (lease_id, seq, entry, day)
ledger_default.ledger_entry_check CHECK ((entry = ANY (ARRAY['charge'::text, 'refund'::text])))
ledger_default.ledger_seq_check CHECK ((seq >= 1))
ledger_default.ledger_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'completed'::text, 'unknown'::text])))
ledger_delta.ledger_delta_pkey PRIMARY KEY (delta_id)
member_draw.member_draw_drawn_check CHECK ((drawn >= 0))
member_draw.member_draw_owner_meter_day_fkey FOREIGN KEY (owner, meter, day) REFERENCES bucket(owner, meter, day) ON DELETE CASCADE
member_draw.member_draw_pkey PRIMARY KEY (owner, meter, day, member)
metering_gap.metering_gap_kind_check CHECK ((kind = ANY (ARRAY['agreement'::text, 'conservation'::text, 'unknown'::text, 'missing'::text])))
metering_gap.metering_gap_pkey PRIMARY KEY (day, owner, meter, lease_id, guarantee)
outbox.outbox_id_key UNIQUE (id)
outbox.outbox_pkey PRIMARY KEY (seq)
permit.permit_held_check CHECK ((held >= 0))
permit.permit_pkey PRIMARY KEY (owner, gateway_id)
processed_event.processed_event_pkey PRIMARY KEY (consumer, event_id)
proven_bucket.proven_bucket_pkey PRIMARY KEY (day, owner, meter)
proven_day.proven_day_pkey PRIMARY KEY (day)
told_store.told_store_is_only_check CHECK (is_only)
told_store.told_store_pkey PRIMARY KEY (is_only)
usage_rollup.usage_rollup_grain_check CHECK ((grain = ANY (ARRAY['hour'::text, 'day'::text])))
usage_rollup_delta.usage_rollup_delta_pkey PRIMARY KEY (delta_id)

-- indexes
CREATE INDEX bucket_by_subscription ON public.bucket USING btree (subscription_owner, day)
CREATE INDEX bucket_exhausted ON public.bucket USING btree (day, owner, meter) WHERE exhausted_published
CREATE INDEX bucket_in_order ON public.bucket USING btree (((day + 0)), owner, meter)
CREATE INDEX lease_by_bucket ON public.lease USING btree (owner, meter, day)
CREATE INDEX lease_open_at_gateway ON public.lease USING btree ((
CASE
    WHEN (state = 'open'::text) THEN gateway_id
    ELSE NULL::text
END))
CREATE INDEX lease_open_on_day ON public.lease USING btree ((
CASE
    WHEN (state = 'open'::text) THEN (day + 0)
    ELSE NULL::date
END))
CREATE INDEX ledger_default_by_day ON public.ledger_default USING btree (((day + 0)))
CREATE INDEX ledger_default_recorded_at_idx ON public.ledger_default USING btree (recorded_at) WHERE (state = 'admitted'::text)
CREATE INDEX ledger_delta_by_lease ON public.ledger_delta USING btree (lease_id)
CREATE INDEX ledger_open_rows ON ONLY public.ledger USING btree (recorded_at) WHERE (state = 'admitted'::text)
CREATE INDEX metering_gap_by_check ON public.metering_gap USING btree (checked_at)
CREATE INDEX outbox_sent_at ON public.outbox USING btree (sent_at) WHERE (sent_at IS NOT NULL)
CREATE INDEX outbox_unsent ON public.outbox USING btree (seq) WHERE (sent_at IS NULL)
CREATE INDEX permit_at_gateway ON public.permit USING btree (gateway_id)
CREATE INDEX permit_empty ON public.permit USING btree (changed_at) WHERE (held = 0)
CREATE INDEX usage_rollup_by_age ON public.usage_rollup USING btree (((grain || ''::text)), at)
CREATE INDEX usage_rollup_delta_by_tenant ON public.usage_rollup_delta USING btree (tenant, at)
CREATE INDEX usage_rollup_of_member ON public.usage_rollup USING btree (tenant, grain, user_id, at)
CREATE UNIQUE INDEX bucket_pkey ON public.bucket USING btree (owner, meter, day)
CREATE UNIQUE INDEX entitlement_pkey ON public.entitlement USING btree (owner)
CREATE UNIQUE INDEX gateway_pkey ON public.gateway USING btree (gateway_id)
CREATE UNIQUE INDEX lease_one_open ON public.lease USING btree (owner, meter, day, gateway_id, member) NULLS NOT DISTINCT WHERE (state = 'open'::text)
CREATE UNIQUE INDEX lease_pkey ON public.lease USING btree (lease_id)
CREATE UNIQUE INDEX lease_proof_pkey ON public.lease_proof USING btree (day, lease_id)
CREATE UNIQUE INDEX ledger_default_pkey ON public.ledger_default USING btree (lease_id, seq, entry, day)
CREATE UNIQUE INDEX ledger_delta_pkey ON public.ledger_delta USING btree (delta_id)
CREATE UNIQUE INDEX ledger_pkey ON ONLY public.ledger USING btree (lease_id, seq, entry, day)
CREATE UNIQUE INDEX member_draw_pkey ON public.member_draw USING btree (owner, meter, day, member)
CREATE UNIQUE INDEX metering_gap_pkey ON public.metering_gap USING btree (day, owner, meter, lease_id, guarantee)
CREATE UNIQUE INDEX outbox_id_key ON public.outbox USING btree (id)
CREATE UNIQUE INDEX outbox_pkey ON public.outbox USING btree (seq)
CREATE UNIQUE INDEX permit_pkey ON public.permit USING btree (owner, gateway_id)
CREATE UNIQUE INDEX processed_event_pkey ON public.processed_event USING btree (consumer, event_id)
CREATE UNIQUE INDEX proven_bucket_pkey ON public.proven_bucket USING btree (day, owner, meter)
CREATE UNIQUE INDEX proven_day_pkey ON public.proven_day USING btree (day)
CREATE UNIQUE INDEX told_store_pkey ON public.told_store USING btree (is_only)
CREATE UNIQUE INDEX usage_rollup_delta_pkey ON public.usage_rollup_delta USING btree (delta_id)
CREATE UNIQUE INDEX usage_rollup_sum ON public.usage_rollup USING btree (tenant, grain, at, user_id, key_id, source, model, provider) NULLS NOT DISTINCT

-- tables with options
bucket with fillfactor=60
gateway with fillfactor=60
lease with fillfactor=60
lease_proof with fillfactor=60
member_draw with fillfactor=60
proven_day with fillfactor=60
usage_rollup with fillfactor=80

-- partitions
ledger_default of ledger DEFAULT

-- views
bucket_ledger  SELECT b.owner,
    b.meter,
    b.day,
    b.subscription_owner,
    b.plan,
    b.daily_limit,
    b.cap,
    b.settled,
    b.escrow,
    b.told_exhausted,
    b.exhausted_published,
    b.changed_at,
    s.ledger_amount,
    s.lease_escrow,
    s.burned,
    s.missing_seqs,
    s.repeated_rows,
    s.open_rows,
    s.unknown_rows,
    s.oldest_open_at,
    s.oldest_gap_at,
    s.leases_agree
   FROM (bucket b
     CROSS JOIN LATERAL ( SELECT (COALESCE(sum(l.ledger_amount), (0)::bigint))::integer AS ledger_amount,
            (COALESCE(sum(((l.size - l.acked) - l.returned)), (0)::bigint))::integer AS lease_escrow,
            (COALESCE(sum(l.burned), (0)::bigint))::integer AS burned,
            (COALESCE(sum((GREATEST(l.ledger_highest_seq, l.highest_seq, l.final_used) - l.charged_seqs)), (0)::bigint))::integer AS missing_seqs,
            (COALESCE(sum((((l.charge_rows - l.charged_seqs) + l.refund_rows) - l.refunded_seqs)), (0)::bigint))::integer AS repeated_rows,
            (COALESCE(sum(l.open_rows), (0)::bigint))::integer AS open_rows,
            (COALESCE(sum(l.unknown_rows), (0)::bigint))::integer AS unknown_rows,
            min(l.oldest_open_at) AS oldest_open_at,
            min(l.oldest_unreported_at) FILTER (WHERE (l.ledger_highest_seq > l.charged_seqs)) AS oldest_gap_at,
            COALESCE(bool_and(((l.acked = l.charge_rows) AND (l.reported_seqs = l.reported) AND (l.ledger_highest_seq = l.highest_seq) AND ((l.final_used IS NULL) OR ((l.charged_seqs = l.final_used) AND (l.ledger_highest_seq = l.final_used))))), true) AS leases_agree
           FROM lease_ledger l
          WHERE ((l.owner = b.owner) AND (l.meter = b.meter) AND (l.day = b.day))) s);
invariant_violation  SELECT v.invariant,
    b.owner,
    b.meter,
    b.day,
    NULL::bigint AS lease_id,
    v.expected,
    v.actual
   FROM (bucket_ledger b
     CROSS JOIN LATERAL ( VALUES ('settled is the sum of the ledger'::text,b.ledger_amount,b.settled,(b.settled = b.ledger_amount)), ('escrow is what leases hold'::text,b.lease_escrow,b.escrow,(b.escrow = b.lease_escrow)), ('never oversold'::text,b.cap,(b.settled + b.escrow),(((b.settled + b.escrow) <= b.cap) AND (b.daily_limit <= b.cap))), ('counters are not negative'::text,0,LEAST(b.settled, b.escrow),((b.settled >= 0) AND (b.escrow >= 0)))) v(invariant, expected, actual, holds))
  WHERE (NOT v.holds)
UNION ALL
 SELECT v.invariant,
    l.owner,
    l.meter,
    l.day,
    l.lease_id,
    v.expected,
    v.actual
   FROM (lease_ledger l
     CROSS JOIN LATERAL ( VALUES ('size is acked, returned, burned and open'::text,l.size,((l.acked + l.returned) + l.burned),((((l.acked + l.returned) + l.burned) <= l.size) AND ((l.state = 'open'::text) OR (((l.acked + l.returned) + l.burned) = l.size)))), ('acked is what the ledger holds'::text,l.charge_rows,l.acked,(l.acked = l.charge_rows)), ('one row per seq'::text,(l.charged_seqs + l.refunded_seqs),(l.charge_rows + l.refund_rows),((l.charge_rows = l.charged_seqs) AND (l.refund_rows = l.refunded_seqs))), ('reported seqs are all in the ledger'::text,l.reported,l.reported_seqs,(l.reported_seqs = l.reported)), ('the highest seq is the ledger''s'::text,l.ledger_highest_seq,l.highest_seq,(l.highest_seq = l.ledger_highest_seq)), ('no seq was charged that the lease did not hold'::text,(l.size - l.returned),l.ledger_highest_seq,(l.ledger_highest_seq <= (l.size - l.returned))), ('a finished lease has exactly its seqs'::text,l.final_used,l.charged_seqs,((l.final_used IS NULL) OR ((l.charged_seqs = l.final_used) AND (l.ledger_highest_seq = l.final_used))))) v(invariant, expected, actual, holds))
  WHERE (NOT v.holds)
UNION ALL
 SELECT
        CASE
            WHEN (l.lease_id IS NULL) THEN 'a row belongs to a lease of its day'::text
            ELSE 'a refund has its charge'::text
        END AS invariant,
    l.owner,
    g.meter,
    g.day,
    g.lease_id,
    NULL::integer AS expected,
    g.seq AS actual
   FROM ((ledger g
     LEFT JOIN lease l ON (((l.lease_id = g.lease_id) AND (l.day = g.day) AND (l.meter = g.meter))))
     LEFT JOIN ledger c ON (((g.entry = 'refund'::text) AND (c.lease_id = g.lease_id) AND (c.seq = g.seq) AND (c.day = g.day) AND (c.entry = 'charge'::text))))
  WHERE ((l.lease_id IS NULL) OR ((g.entry = 'refund'::text) AND (c.seq IS NULL)));
lease_ledger  SELECT l.lease_id,
    l.owner,
    l.meter,
    l.day,
    l.gateway_id,
    l.size,
    l.acked,
    l.reported,
    l.highest_seq,
    l.returned,
    l.burned,
    l.credit_window,
    l.state,
    l.final_used,
    l.touched_at,
    s.ledger_amount,
    s.charge_rows,
    s.charged_seqs,
    s.reported_seqs,
    s.ledger_highest_seq,
    s.refund_rows,
    s.refunded_seqs,
    s.open_rows,
    s.unknown_rows,
    s.oldest_open_at,
    s.oldest_unreported_at
   FROM (lease l
     CROSS JOIN LATERAL ( SELECT (COALESCE(sum(g.amount), (0)::bigint))::integer AS ledger_amount,
            (count(*) FILTER (WHERE (g.entry = 'charge'::text)))::integer AS charge_rows,
            (count(DISTINCT g.seq) FILTER (WHERE (g.entry = 'charge'::text)))::integer AS charged_seqs,
            (count(DISTINCT g.seq) FILTER (WHERE ((g.entry = 'charge'::text) AND (g.seq <= l.reported))))::integer AS reported_seqs,
            COALESCE(max(g.seq), 0) AS ledger_highest_seq,
            (count(*) FILTER (WHERE (g.entry = 'refund'::text)))::integer AS refund_rows,
            (count(DISTINCT g.seq) FILTER (WHERE (g.entry = 'refund'::text)))::integer AS refunded_seqs,
            (count(*) FILTER (WHERE (g.state = 'admitted'::text)))::integer AS open_rows,
            (count(*) FILTER (WHERE (g.state = 'unknown'::text)))::integer AS unknown_rows,
            min(g.recorded_at) FILTER (WHERE (g.state = 'admitted'::text)) AS oldest_open_at,
            min(g.recorded_at) FILTER (WHERE (g.seq > l.reported)) AS oldest_unreported_at
           FROM ledger g
          WHERE ((g.lease_id = l.lease_id) AND (g.day = l.day))) s);

-- functions
CREATE OR REPLACE FUNCTION public.drop_ledger_partitions(kept_days integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  dropped integer := 0;
  partition_name text;
begin
  for partition_name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'ledger'::regclass and c.relname ~ '^ledger_[0-9]{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < utc_today() - greatest(kept_days, 7)
    order by c.relname limit 2
  loop
    execute format('drop table %I', partition_name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$function$
CREATE OR REPLACE FUNCTION public.ensure_ledger_partitions(days_ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  made integer := 0;
  first_day date := utc_today();
  one_day date;
  partition_name text;
begin
  for one_day in select first_day + n from generate_series(0, days_ahead) as n loop
    partition_name := 'ledger_' || to_char(one_day, 'YYYYMMDD');
    continue when to_regclass(partition_name) is not null;
    continue when exists (select from ledger_default where day = one_day);
    execute format('create table %I partition of ledger for values from (%L) to (%L)', partition_name, one_day, one_day + 1);
    made := made + 1;
  end loop;
  return made;
end
$function$
CREATE OR REPLACE FUNCTION public.note_completed_usage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'UPDATE' then
    if exists (select from old_rows where state = 'completed') then
      raise exception 'a completed ledger row is final';
    end if;
  end if;
  insert into usage_rollup_delta (tenant, at, user_id, key_id, source, model, provider, calls, llm_requests, answered_calls,
    refunded_calls, prompt_tokens, completion_tokens, cost_nano_usd, unpriced_calls)
  select coalesce('org:' || org_id, 'user:' || user_id), usage_hour(day, started_at), user_id, key_id, source,
    -- An index takes no longer text.
    nullif(left(model, 200), ''), nullif(left(provider, 200), ''),
    coalesce(sum(amount) filter (where meter = 'api_calls'), 0),
    coalesce(sum(amount) filter (where meter = 'llm_requests'), 0),
    coalesce(sum(amount) filter (where meter = 'api_calls'
      and (outcome = 'interrupted' or (provider is not null and outcome <> 'rejected'))), 0),
    count(*) filter (where meter = 'api_calls' and entry = 'refund'),
    coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost_nano_usd), 0),
    count(*) filter (where meter = 'api_calls' and entry = 'charge' and cost_nano_usd is null)
  from new_rows
  where state = 'completed' and key_id is not null
  group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$function$
CREATE OR REPLACE FUNCTION public.note_ledger_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, count(*) filter (where entry = 'charge'), count(*) filter (where entry = 'refund'),
      count(*) filter (where state = 'unknown'), max(seq)
    from new_rows group by lease_id, day;
  elsif tg_op = 'DELETE' then
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, -(count(*) filter (where entry = 'charge')), -(count(*) filter (where entry = 'refund')),
      -(count(*) filter (where state = 'unknown')), 0
    from old_rows group by lease_id, day;
  else
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, 0, 0, sum(n), 0 from (
      select lease_id, day, 1 as n from new_rows where state = 'unknown'
      union all
      select lease_id, day, -1 from old_rows where state = 'unknown'
    ) turned group by lease_id, day having sum(n) <> 0;
  end if;
  return null;
end
$function$
CREATE OR REPLACE FUNCTION public.usage_hour(day date, started_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select greatest(day::timestamp, least(date_trunc('hour', started_at at time zone 'utc'), day + interval '23 hours')) at time zone 'utc'
$function$
CREATE OR REPLACE FUNCTION public.utc_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$ select clock_timestamp() $function$
CREATE OR REPLACE FUNCTION public.utc_today()
 RETURNS date
 LANGUAGE sql
 STABLE
AS $function$ select (utc_now() at time zone 'utc')::date $function$

-- privileges of others than the owner
bucket: delete, insert, select, update
bucket_ledger: delete, insert, select, update
entitlement: delete, insert, select, update
gateway: delete, insert, select, update
invariant_violation: delete, insert, select, update
lease: delete, insert, select, update
lease_lease_id_seq: select, update
lease_ledger: delete, insert, select, update
lease_proof: delete, insert, select, update
ledger: delete, insert, select, update
ledger_default: delete, insert, select, update
ledger_delta: delete, insert, select, update
member_draw: delete, insert, select, update
metering_gap: delete, insert, select, update
outbox: delete, insert, select, update
permit: delete, insert, select, update
processed_event: delete, insert, select, update
proven_bucket: delete, insert, select, update
proven_day: delete, insert, select, update
told_store: delete, insert, select, update
usage_rollup: delete, insert, select, update
usage_rollup_delta: delete, insert, select, update
usage_sum_version: select, update

-- triggers
CREATE TRIGGER ledger_count_deleted AFTER DELETE ON public.ledger REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_ledger_change()
CREATE TRIGGER ledger_count_inserted AFTER INSERT ON public.ledger REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_ledger_change()
CREATE TRIGGER ledger_count_updated AFTER UPDATE ON public.ledger REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_ledger_change()
CREATE TRIGGER ledger_note_inserted AFTER INSERT ON public.ledger REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_completed_usage()
CREATE TRIGGER ledger_note_updated AFTER UPDATE ON public.ledger REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_completed_usage()
