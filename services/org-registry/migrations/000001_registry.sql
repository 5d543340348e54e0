-- Users, orgs, their members, API keys, entitlements as billing last told them, and the audit log.

create table app_user (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  email text not null check (length(email) between 3 and 254),
  created_at timestamptz not null
);
create unique index app_user_email on app_user (lower(email));

create table org (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null check (length(name) between 1 and 100),
  owner_user_id text not null references app_user (id),
  version integer not null check (version >= 1),
  created_at timestamptz not null
);

create table member (
  org_id text not null references org (id),
  user_id text not null references app_user (id),
  role text not null check (role in ('owner', 'admin', 'member')),
  active boolean not null,
  -- When the seat was taken: the order in which seats are lost. Null without a seat.
  activated_at timestamptz,
  version integer not null check (version >= 1),
  created_at timestamptz not null,
  primary key (org_id, user_id),
  check (active = (activated_at is not null)),
  check (role <> 'owner' or active)
);
create unique index member_one_owner on member (org_id) where role = 'owner';
create index member_by_user on member (user_id);

create table api_key (
  id text primary key,
  -- Creation order: what a list is paged by.
  seq bigint generated always as identity unique,
  -- SHA-256 of the key, hex. The key itself is never stored.
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
  prefix text not null check (length(prefix) = 8),
  last_four text not null check (length(last_four) = 4),
  name text not null check (length(name) between 1 and 100),
  user_id text not null references app_user (id),
  org_id text,
  created_at timestamptz not null,
  revoked_at timestamptz,
  -- An org key belongs to a member of that org.
  foreign key (org_id, user_id) references member (org_id, user_id)
);
create index api_key_live_by_user on api_key (user_id, seq) where revoked_at is null;
create index api_key_live_by_org on api_key (org_id, seq) where revoked_at is null and org_id is not null;

create table entitlement (
  owner text primary key check (owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'),
  version integer not null check (version >= 1),
  plan text not null,
  seats integer not null check (seats >= 1),
  changed_at timestamptz not null
);

-- One hash chain per user or org: each row holds the hash of the one before, so that a changed, removed or inserted row
-- shows. The head row holds what the end must be, so that a cut tail shows too, and serialises its chain's writers.
create table audit_head (
  chain text primary key check (chain ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'),
  seq integer not null check (seq >= 0),
  hash text not null check (hash ~ '^[0-9a-f]{64}$')
);

create table audit_log (
  chain text not null references audit_head (chain),
  seq integer not null check (seq >= 1),
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text not null,
  -- The exact text that was hashed.
  details text not null check (details::json is not null),
  previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  primary key (chain, seq)
);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_audit_change();

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
