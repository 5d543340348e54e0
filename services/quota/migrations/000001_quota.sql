-- Everything quota owns. A token is at any time in exactly one place: free in its bucket, in escrow with a lease, or settled
-- in the ledger. What can be said about one row is a CHECK here, so that no bug and no race can oversell; what spans rows is
-- in the view invariant_violation, which must be empty.

-- The database's clock is the platform's clock. A test may replace either function in its own database.
create function utc_now() returns timestamptz language sql volatile
as $$ select clock_timestamp() $$;

create function utc_today() returns date language sql stable
as $$ select (utc_now() at time zone 'utc')::date $$;

create table entitlement (
  owner text primary key,
  plan text not null,
  seats integer not null check (seats >= 1),
  -- 0: nobody told us of a subscription; the row exists so that making a bucket and changing a plan can be serialized by it.
  version bigint not null check (version >= 0)
);

create table bucket (
  owner text not null,
  meter text not null check (meter in ('api_calls', 'llm_requests')),
  day date not null,
  subscription_owner text not null,
  plan text not null,
  daily_limit integer not null check (daily_limit >= 0),
  -- What settled + escrow may never exceed: the limit, or what was already out when the limit was lowered.
  cap integer not null,
  settled integer not null default 0 check (settled >= 0),
  escrow integer not null default 0 check (escrow >= 0),
  -- Some gateway was told that nothing is left; it must hear of it when that stops being true.
  told_exhausted boolean not null default false,
  exhausted_published boolean not null default false,
  changed_at timestamptz not null default utc_now(),
  primary key (owner, meter, day),
  constraint bucket_never_oversold check (settled + escrow <= cap and daily_limit <= cap)
) with (fillfactor = 60);

create index bucket_by_subscription on bucket (subscription_owner, day);
create index bucket_by_day on bucket (day);

create table lease (
  lease_id bigint generated always as identity primary key,
  owner text not null,
  meter text not null,
  day date not null,
  gateway_id text not null,
  -- Tokens ever granted: size = acked + returned + burned + open.
  size integer not null,
  -- Tokens in the ledger, whoever told of them.
  acked integer not null default 0 check (acked >= 0),
  -- Seqs 1..reported are in the ledger because the gateway said so: the base of its credit window.
  reported integer not null default 0 check (reported >= 0),
  -- The highest seq in the ledger: above reported when a usage record came before the gateway's report.
  highest_seq integer not null default 0 check (highest_seq >= 0),
  returned integer not null default 0 check (returned >= 0),
  -- Of a gateway that vanished: what it may have used unseen. In escrow until a late row settles it or the gateway speaks.
  burned integer not null default 0 check (burned >= 0),
  credit_window integer not null check (credit_window >= 1),
  state text not null default 'open' check (state in ('open', 'closed')),
  -- The gateway's own last word; null while open and for a gateway that never came back.
  final_used integer,
  touched_at timestamptz not null default utc_now(),
  foreign key (owner, meter, day) references bucket (owner, meter, day),
  constraint lease_holds_no_more_than_its_size check (acked + returned + burned <= size),
  constraint lease_reported_is_acked check (reported <= acked),
  constraint lease_charged_what_it_held check (highest_seq <= size - returned),
  constraint lease_open_burns_nothing check (state = 'closed' or (burned = 0 and final_used is null)),
  constraint lease_closed_holds_nothing check (state = 'open' or acked + returned + burned = size),
  constraint lease_final_is_exact check (final_used is null or (final_used = acked and burned = 0))
) with (fillfactor = 60);

create unique index lease_one_open on lease (owner, meter, day, gateway_id) where state = 'open';
create index lease_by_bucket on lease (owner, meter, day);
create index lease_open_by_gateway on lease (gateway_id) where state = 'open';
create index lease_open_by_day on lease (day) where state = 'open';

create table gateway (
  gateway_id text primary key,
  last_seen timestamptz not null
) with (fillfactor = 60);

-- One row per admitted token, and at most one that gives it back. `day` is the lease's day: the partition, so it is in the key.
create table ledger (
  lease_id bigint not null,
  seq integer not null check (seq >= 1),
  entry text not null check (entry in ('charge', 'refund')),
  day date not null,
  meter text not null,
  amount smallint not null,
  state text not null check (state in ('admitted', 'completed', 'unknown')),
  recorded_at timestamptz not null default utc_now(),
  completed_at timestamptz,
  request_id text,
  key_id text,
  user_id text,
  org_id text,
  source text,
  endpoint text,
  streamed boolean,
  outcome text,
  model text,
  provider text,
  -- Tokens and cost stand on the charge of the API call alone, so that a sum counts each call once.
  prompt_tokens integer,
  completion_tokens integer,
  estimated boolean,
  cost_nano_usd bigint,
  attempts integer,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (lease_id, seq, entry, day),
  constraint ledger_amount_matches_entry check (amount = case entry when 'charge' then 1 else -1 end)
) partition by range (day);

create index ledger_by_user on ledger (user_id, day) where user_id is not null and meter = 'api_calls';
create index ledger_by_org on ledger (org_id, day) where org_id is not null and meter = 'api_calls';
create index ledger_open_rows on ledger (recorded_at) where state = 'admitted';

-- The net: a day whose partition was not made in time loses nothing.
create table ledger_default partition of ledger default;

-- Makes the partitions of today and the next days; a day that already has rows in the net stays there. Called by the service,
-- not here: a schema must not depend on the day on which it was made.
create function ensure_ledger_partitions(days_ahead integer) returns integer language plpgsql
as $$
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
$$;

-- Per lease, what the ledger really holds. Lateral, so that asking for a few leases reads a few leases' rows.
create view lease_ledger as
select l.*, s.*
from lease l
cross join lateral (
  select
    coalesce(sum(g.amount), 0)::integer as ledger_amount,
    (count(*) filter (where g.entry = 'charge'))::integer as charge_rows,
    (count(distinct g.seq) filter (where g.entry = 'charge'))::integer as charged_seqs,
    (count(distinct g.seq) filter (where g.entry = 'charge' and g.seq <= l.reported))::integer as reported_seqs,
    coalesce(max(g.seq), 0)::integer as ledger_highest_seq,
    (count(*) filter (where g.entry = 'refund'))::integer as refund_rows,
    (count(distinct g.seq) filter (where g.entry = 'refund'))::integer as refunded_seqs,
    (count(*) filter (where g.state = 'admitted'))::integer as open_rows,
    (count(*) filter (where g.state = 'unknown'))::integer as unknown_rows,
    min(g.recorded_at) filter (where g.state = 'admitted') as oldest_open_at,
    min(g.recorded_at) filter (where g.seq > l.reported) as oldest_unreported_at
  from ledger g
  where g.lease_id = l.lease_id and g.day = l.day
) s;

-- Per bucket, what its leases and the ledger add up to.
create view bucket_ledger as
select b.*, s.*
from bucket b
cross join lateral (
  select
    coalesce(sum(l.ledger_amount), 0)::integer as ledger_amount,
    coalesce(sum(l.size - l.acked - l.returned), 0)::integer as lease_escrow,
    coalesce(sum(l.burned), 0)::integer as burned,
    -- A seq below the highest known one that is not in the ledger: a call that was admitted and is not accounted for.
    coalesce(sum(greatest(l.ledger_highest_seq, l.highest_seq, l.final_used) - l.charged_seqs), 0)::integer as missing_seqs,
    coalesce(sum(l.charge_rows - l.charged_seqs + l.refund_rows - l.refunded_seqs), 0)::integer as repeated_rows,
    coalesce(sum(l.open_rows), 0)::integer as open_rows,
    coalesce(sum(l.unknown_rows), 0)::integer as unknown_rows,
    min(l.oldest_open_at) as oldest_open_at,
    min(l.oldest_unreported_at) filter (where l.ledger_highest_seq > l.charged_seqs) as oldest_gap_at,
    coalesce(bool_and(
      l.acked = l.charge_rows
      and l.reported_seqs = l.reported
      and l.ledger_highest_seq = l.highest_seq
      and (l.final_used is null or (l.charged_seqs = l.final_used and l.ledger_highest_seq = l.final_used))
    ), true) as leases_agree
  from lease_ledger l
  where l.owner = b.owner and l.meter = b.meter and l.day = b.day
) s;

create view invariant_violation as
select v.invariant, b.owner, b.meter, b.day, null::bigint as lease_id, v.expected, v.actual
from bucket_ledger b
cross join lateral (values
  ('settled is the sum of the ledger', b.ledger_amount, b.settled, b.settled = b.ledger_amount),
  ('escrow is what leases hold', b.lease_escrow, b.escrow, b.escrow = b.lease_escrow),
  ('never oversold', b.cap, b.settled + b.escrow, b.settled + b.escrow <= b.cap and b.daily_limit <= b.cap),
  ('counters are not negative', 0, least(b.settled, b.escrow), b.settled >= 0 and b.escrow >= 0)
) as v (invariant, expected, actual, holds)
where not v.holds
union all
select v.invariant, l.owner, l.meter, l.day, l.lease_id, v.expected, v.actual
from lease_ledger l
cross join lateral (values
  ('size is acked, returned, burned and open', l.size, l.acked + l.returned + l.burned,
    l.acked + l.returned + l.burned <= l.size and (l.state = 'open' or l.acked + l.returned + l.burned = l.size)),
  ('acked is what the ledger holds', l.charge_rows, l.acked, l.acked = l.charge_rows),
  ('one row per seq', l.charged_seqs + l.refunded_seqs, l.charge_rows + l.refund_rows,
    l.charge_rows = l.charged_seqs and l.refund_rows = l.refunded_seqs),
  ('reported seqs are all in the ledger', l.reported, l.reported_seqs, l.reported_seqs = l.reported),
  ('the highest seq is the ledger''s', l.ledger_highest_seq, l.highest_seq, l.highest_seq = l.ledger_highest_seq),
  ('no seq was charged that the lease did not hold', l.size - l.returned, l.ledger_highest_seq,
    l.ledger_highest_seq <= l.size - l.returned),
  ('a finished lease has exactly its seqs', l.final_used, l.charged_seqs,
    l.final_used is null or (l.charged_seqs = l.final_used and l.ledger_highest_seq = l.final_used))
) as v (invariant, expected, actual, holds)
where not v.holds
union all
select case when l.lease_id is null then 'a row belongs to a lease of its day' else 'a refund has its charge' end,
  l.owner, g.meter, g.day, g.lease_id, null, g.seq
from ledger g
left join lease l on l.lease_id = g.lease_id and l.day = g.day and l.meter = g.meter
left join ledger c on g.entry = 'refund' and c.lease_id = g.lease_id and c.seq = g.seq and c.day = g.day and c.entry = 'charge'
where l.lease_id is null or (g.entry = 'refund' and c.seq is null);

create table outbox (
  seq bigint generated always as identity primary key,
  id text not null unique,
  subject text not null,
  payload text not null,
  traceparent text,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_unsent on outbox (seq) where sent_at is null;
create index outbox_sent_at on outbox (sent_at) where sent_at is not null;

create table processed_event (
  consumer text not null,
  event_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
