-- Sign-in by an OIDC provider. An identity is somebody's account there, which signs a user of ours in.
create table oidc_identity (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  user_id text not null references app_user (id),
  issuer text not null check (length(issuer) between 1 and 2000),
  -- The provider's own id of the person: it never changes, as an address may.
  subject text not null check (length(subject) between 1 and 255),
  -- As the provider named it when it was linked: so that its owner recognises it.
  email text check (length(email) between 3 and 254),
  created_at timestamptz not null,
  last_used_at timestamptz,
  unique (issuer, subject),
  unique (user_id, issuer)
);
alter table oidc_identity enable row level security;
create policy tenant on oidc_identity using (acts_for_everyone() or user_id = acting_user());

-- Who unlinked a provider: its address alone links it no more. Only its owner does, in a session.
create table oidc_unlinked (
  user_id text not null references app_user (id),
  issuer text not null,
  primary key (user_id, issuer)
);
alter table oidc_unlinked enable row level security;
create policy tenant on oidc_unlinked using (acts_for_everyone() or user_id = acting_user());

-- What a browser has begun at the provider, by the hash of the secret in its cookie.
create table oidc_flow (
  hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
  -- Who links an identity; null: somebody signs in.
  linking_user_id text references app_user (id),
  -- Whom the provider named: what is left is to start the session, once a second factor was shown, if there is one.
  identity_id text references oidc_identity (id) on delete cascade,
  -- When the person last proved to the provider who they are.
  authenticated_at timestamptz,
  expires_at timestamptz not null,
  check (identity_id is null or linking_user_id is null),
  check ((identity_id is null) = (authenticated_at is null))
);
create index oidc_flow_by_expiry on oidc_flow (expires_at);
create index oidc_flow_by_identity on oidc_flow (identity_id) where identity_id is not null;
