-- People who sign in. A user whom an operator created has no password until they set one by a mail.
alter table app_user
  add column email_verified_at timestamptz,
  add column admin boolean not null default false;

create table password (
  user_id text primary key references app_user (id),
  hash text not null check (length(hash) between 20 and 300),
  changed_at timestamptz not null
);

-- One row for each place where somebody is signed in. Ending a session deletes it; the audit log remembers.
create table session (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  user_id text not null references app_user (id),
  -- A proof of who one is replaces the token, and so its hash.
  token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null,
  authenticated_at timestamptz not null,
  second_factor_at timestamptz,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  address text not null check (length(address) <= 64),
  user_agent text not null check (length(user_agent) <= 200)
);
create index session_by_user on session (user_id, created_at, id);
create index session_by_expiry on session (expires_at);

-- Mail that somebody asked for. Whether the address has an account is looked up when it is sent, not when it is asked for.
create table mail_request (
  id bigint generated always as identity primary key,
  email text not null check (length(email) between 3 and 254),
  kind text not null check (kind in ('sign_up', 'password_reset')),
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null
);
create index mail_request_due on mail_request (next_attempt_at, id);

-- A link that was mailed: whoever has it reads the mail of this address.
create table email_token (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  email text not null,
  expires_at timestamptz not null
);
create index email_token_by_email on email_token (lower(email));
create index email_token_by_expiry on email_token (expires_at);

-- Guesses at passwords and codes, by the hash of what they are counted for.
create table attempt (
  key text primary key check (key ~ '^[0-9a-f]{64}$'),
  count integer not null check (count >= 0),
  window_ends_at timestamptz not null
);
create index attempt_by_end on attempt (window_ends_at);

-- A user's authenticator app; not asked for before the first right code has confirmed it.
create table totp (
  user_id text primary key references app_user (id),
  -- AES-256-GCM under a key of the configuration.
  sealed_secret text not null,
  confirmed_at timestamptz,
  -- The time step of the last accepted code: a code works once.
  last_step bigint not null default 0
);

create table recovery_code (
  user_id text not null references totp (user_id) on delete cascade,
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  primary key (user_id, hash)
);
