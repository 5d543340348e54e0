-- The second wall: a transaction sees and changes the rows of whom it acts for, and no others. Whom that is, is said at its start
-- (src/store/acting.ts): a user with the orgs that they are a member of, an org, or everyone, for the work of all tenants. Without it there is nothing.

create function acting_user() returns text language sql stable
as $$ select nullif(current_setting('topdog.user', true), '') $$;

create function acts_for_everyone() returns boolean language sql stable
as $$ select coalesce(current_setting('topdog.everyone', true), '') = 'on' $$;

-- By the owner's right, because the rows of `member` are guarded by what this answers.
create function acting_orgs() returns setof text language sql stable security definer set search_path = public, pg_temp
as $$
  select nullif(current_setting('topdog.org', true), '')
  union all
  select org_id from member where user_id = acting_user() and removed_at is null
$$;

-- As `user:<id>` and `org:<id>`.
create function acting_tenants() returns setof text language sql stable
as $$ select 'user:' || acting_user() union all select 'org:' || o from acting_orgs() as o $$;

alter table org enable row level security;
create policy tenant on org using (acts_for_everyone() or id in (select acting_orgs()));
alter table member enable row level security;
create policy tenant on member using (acts_for_everyone() or user_id = acting_user() or org_id in (select acting_orgs()));
alter table invitation enable row level security;
create policy tenant on invitation using (acts_for_everyone() or org_id in (select acting_orgs()));
alter table api_key enable row level security;
create policy tenant on api_key
  using (acts_for_everyone() or user_id = acting_user() or org_id in (select acting_orgs()));

alter table password enable row level security;
create policy tenant on password using (acts_for_everyone() or user_id = acting_user());
alter table session enable row level security;
create policy tenant on session using (acts_for_everyone() or user_id = acting_user());
alter table totp enable row level security;
create policy tenant on totp using (acts_for_everyone() or user_id = acting_user());
alter table recovery_code enable row level security;
create policy tenant on recovery_code using (acts_for_everyone() or user_id = acting_user());

alter table entitlement enable row level security;
create policy tenant on entitlement using (acts_for_everyone() or owner in (select acting_tenants()));
alter table byok_tenant enable row level security;
create policy tenant on byok_tenant using (acts_for_everyone() or tenant in (select acting_tenants()));
alter table credential enable row level security;
create policy tenant on credential using (acts_for_everyone() or tenant in (select acting_tenants()));
alter table audit_head enable row level security;
create policy tenant on audit_head using (acts_for_everyone() or chain in (select acting_tenants()));
alter table audit_log enable row level security;
create policy tenant on audit_log using (acts_for_everyone() or chain in (select acting_tenants()));

-- What gateways ask about keys and sessions is looked up by a secret's hash, in one statement without a transaction: whoever has the hash may see
-- what it opens.
create function key_holder(key_hash text, at timestamptz) returns table (
  id text, user_id text, org_id text, role text, active boolean, plan text, seats integer,
  own_live integer, own_used integer, pool_live integer, pool_used integer,
  scopes text[], allowed_models text[], allowed_addresses text[], expires_at timestamptz
) language sql stable security definer set search_path = public, pg_temp
as $$
  select k.id, k.user_id, k.org_id, m.role, m.active and o.deletion_due_at is null, e.plan, e.seats,
    own.live, own.used, pool.live, pool.used, k.scopes, k.allowed_models, k.allowed_addresses,
    case when k.hash = key_hash then k.expires_at else least(k.expires_at, k.previous_ends_at) end
  from api_key k
  left join org o on o.id = k.org_id
  left join member m on m.org_id = k.org_id and m.user_id = k.user_id and m.removed_at is null
  left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
  left join byok_tenant own on own.tenant = 'user:' || k.user_id
  left join byok_tenant pool on pool.tenant = 'org:' || k.org_id
  where (k.hash = key_hash or (k.previous_hash = key_hash and k.previous_ends_at > at))
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
$$;

create function session_of_token(secret_hash text, at timestamptz) returns table (
  id text, user_id text, token_hash text, created_at timestamptz, authenticated_at timestamptz, second_factor_at timestamptz,
  last_seen_at timestamptz, expires_at timestamptz, address text, user_agent text, admin boolean
) language sql stable security definer set search_path = public, pg_temp
as $$
  select s.id, s.user_id, s.token_hash, s.created_at, s.authenticated_at, s.second_factor_at, s.last_seen_at, s.expires_at,
    s.address, s.user_agent, u.admin
  from session s join app_user u on u.id = s.user_id
  where s.token_hash = secret_hash and s.expires_at > at
$$;
