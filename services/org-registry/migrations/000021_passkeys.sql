-- Passkeys of people, and the challenges that are being answered: each once, by its hash.

create table passkey (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  user_id text not null references app_user (id),
  -- The authenticator's own id of it, base64url.
  credential_id text not null unique check (length(credential_id) between 1 and 1400),
  public_key bytea not null,
  -- Of the authenticator: one that does not rise shows a copy. 0: it does not count.
  counter bigint not null check (counter >= 0),
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkey_by_user on passkey (user_id, id);
alter table passkey enable row level security;
create policy tenant on passkey using (acts_for_everyone() or user_id = acting_user());

create table passkey_challenge (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  -- Whose new passkey answers it; null: somebody signs in.
  user_id text references app_user (id),
  expires_at timestamptz not null
);
create index passkey_challenge_by_expiry on passkey_challenge (expires_at);
