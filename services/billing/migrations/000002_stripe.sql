-- What Stripe said last of each owner, the inbox of its events, and what we asked it to do.

-- Whose word the row is. An operator's plan stands while Stripe knows no live subscription of the owner.
alter table subscription add column source text not null default 'operator' check (source in ('operator', 'stripe'));

create table customer (
  owner text primary key check (owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'),
  -- Null between our row and Stripe's answer, and after the customer was deleted there.
  stripe_customer_id text unique,
  -- Rises when the customer was deleted at Stripe: the next one is made under another idempotency key.
  epoch integer not null default 1 check (epoch >= 1),
  synced_at timestamptz,
  -- When the entitlement changes though no event will say so: a grace or a period ends.
  resync_at timestamptz
);
create index customer_resync_at on customer (resync_at) where resync_at is not null;

-- The governing subscription of an owner, as it was fetched.
create table stripe_state (
  owner text primary key references customer (owner),
  subscription_id text,
  status text,
  plan text,
  interval text check (interval in ('month', 'year')),
  seats integer check (seats >= 0),
  mrr_micro_usd bigint not null check (mrr_micro_usd >= 0),
  details jsonb not null,
  changed_at timestamptz not null
);

create table mrr_movement (
  id bigint generated always as identity primary key,
  owner text not null,
  at timestamptz not null,
  kind text not null check (kind in ('new', 'expansion', 'contraction', 'churn', 'reactivation')),
  plan text not null,
  interval text not null,
  before_micro_usd bigint not null check (before_micro_usd >= 0),
  after_micro_usd bigint not null check (after_micro_usd >= 0)
);
create index mrr_movement_at on mrr_movement (at);
create index mrr_movement_owner on mrr_movement (owner, id);

-- Events are hints: who and what, never the content. The id is what makes a repeated delivery harmless.
create table webhook_event (
  id text primary key,
  type text not null,
  api_version text,
  customer_id text,
  -- Where the object is to be read, when the event does not name its customer.
  object_path text,
  created_at timestamptz not null,
  received_at timestamptz not null default now(),
  state text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'failed')),
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  last_error text,
  settled_at timestamptz
);
create index webhook_event_pending on webhook_event (next_attempt_at) where state = 'pending';
create index webhook_event_customer on webhook_event (customer_id) where state = 'pending';
create index webhook_event_settled on webhook_event (settled_at) where settled_at is not null;

create table quarantine (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('unknown_price', 'unknown_status', 'several_items', 'wrong_owner_kind', 'below_minimum',
    'extra_subscription', 'orphan_customer')),
  -- The price, subscription or customer it is about.
  subject text not null,
  owner text,
  detail text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  resolved_at timestamptz,
  resolution text
);
create unique index quarantine_open on quarantine (kind, subject) where resolved_at is null;
create index quarantine_open_owner on quarantine (owner) where resolved_at is null;

-- Written before Stripe is asked, and replayed with the same idempotency key until Stripe's answer is known.
create table money_operation (
  id text primary key,
  owner text not null references customer (owner),
  kind text not null check (kind in ('checkout', 'change', 'schedule', 'cancel', 'resume')),
  params jsonb not null,
  -- Part of the idempotency key: rises when Stripe keeps repeating a fault of its own under the old one.
  attempt integer not null default 1 check (attempt >= 1),
  state text not null check (state in ('started', 'done', 'refused')),
  result jsonb,
  refusal text,
  created_at timestamptz not null,
  touched_at timestamptz not null
);
create unique index money_operation_started on money_operation (owner) where state = 'started';
create index money_operation_owner on money_operation (owner, kind, created_at);

-- The sweep's place in its pass over all subscriptions at Stripe.
create table sweep_pass (
  id integer primary key default 1 check (id = 1),
  started_at timestamptz not null,
  after_id text,
  finished_at timestamptz
);

create table org_member (
  org_id text not null,
  user_id text not null,
  version integer not null check (version >= 1),
  role text not null,
  active boolean not null,
  changed_at timestamptz not null,
  primary key (org_id, user_id)
);
