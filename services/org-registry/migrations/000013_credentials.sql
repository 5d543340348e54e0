-- BYOK: provider credentials of users and orgs, sealed by the vault.

-- One row per user or org that has had a credential. Its lock serialises what is counted; its counts are what every answer states.
create table byok_tenant (
  tenant text primary key check (tenant ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'),
  -- Not revoked.
  live integer not null check (live >= 0),
  -- Not revoked and not disabled.
  used integer not null check (used >= 0 and used <= live),
  -- Whether calls may go on with the platform's credential when the tenant's own fail.
  fallback boolean not null default false
);

create table credential (
  id text primary key,
  tenant text not null references byok_tenant (tenant),
  -- Bound into the envelope: never changed.
  added_by text not null,
  provider text not null check (provider ~ '^[a-z0-9-]{1,40}$'),
  -- Of the secret: rises with each rotation.
  version integer not null check (version >= 1),
  -- The envelope. Nulled by a revocation: without its data key the secret cannot be opened again.
  kid text check (length(kid) between 1 and 64),
  wrapped text,
  sealed text,
  -- HMAC of the secret within its tenant, hex: finds the same secret added twice.
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  last_four text not null check (length(last_four) <= 4),
  label text not null check (length(label) between 1 and 100),
  -- Lower ones are tried first.
  position integer not null check (position between 1 and 1000000),
  status text not null check (status in ('valid', 'invalid', 'unverified')),
  checked_at timestamptz,
  allowed_models text[],
  allowed_members text[],
  created_at timestamptz not null,
  changed_at timestamptz not null,
  -- Since when the tenant has had more than its plan allows, this one among them.
  blocked_since timestamptz,
  disabled_at timestamptz,
  revoked_at timestamptz,
  reason text check (length(reason) between 1 and 500),
  check ((kid is null) = (revoked_at is not null) and (kid is null) = (wrapped is null) and (kid is null) = (sealed is null)),
  check ((reason is null) = (revoked_at is null)),
  check (disabled_at is null or blocked_since is not null)
);
create unique index credential_one_of_a_kind on credential (tenant, fingerprint) where revoked_at is null;
create index credential_live_by_age on credential (tenant, created_at, id) where revoked_at is null;
create index credential_live_by_position on credential (tenant, position, created_at, id) where revoked_at is null;
create index credential_blocked on credential (blocked_since, id) where blocked_since is not null and disabled_at is null and revoked_at is null;
create index credential_live_by_key on credential (kid, id) where revoked_at is null;
