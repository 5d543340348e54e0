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
create table effect (
  id bigint generated always as identity primary key,
  owner text not null,
  version integer not null
);

grant select, insert, update, delete on all tables in schema public to public;
