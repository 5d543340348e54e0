-- Subscriptions, and the seats that orgs use as org-registry last told them.

create table subscription (
  owner text primary key check (owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'),
  plan text not null,
  interval text not null check (interval in ('month', 'year')),
  seats integer not null check (seats between 1 and 1000000),
  status text not null check (status in ('active', 'trialing', 'past_due', 'canceled')),
  version integer not null check (version >= 1),
  changed_at timestamptz not null
);

create table org_seats (
  org_id text primary key,
  version integer not null check (version >= 1),
  owner_user_id text not null,
  active_members integer not null check (active_members >= 0),
  changed_at timestamptz not null
);

-- From the messaging library.
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
