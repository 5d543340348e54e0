-- Machines that call models for an org: their keys are the org's alone, and outlive whoever made them. The release before this one reads no such
-- key before an org has made one.

create table service_account (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  org_id text not null references org (id),
  name text not null check (length(name) between 1 and 100),
  created_by text not null references app_user (id),
  created_at timestamptz not null,
  removed_at timestamptz,
  unique (org_id, id)
);
create index service_account_live on service_account (org_id, id) where removed_at is null;
alter table service_account enable row level security;
create policy tenant on service_account using (acts_for_everyone() or org_id in (select acting_orgs()));

alter table api_key
  alter column user_id drop not null,
  add column service_account_id text,
  add foreign key (org_id, service_account_id) references service_account (org_id, id),
  add constraint api_key_has_one_holder
    check ((user_id is null) <> (service_account_id is null) and (service_account_id is null or org_id is not null));
create index api_key_live_by_service_account on api_key (service_account_id, created_at, id)
  where revoked_at is null and service_account_id is not null;

-- A service account has no seat: what its key needs is that its org is there.
drop function key_holder;
create function key_holder(key_hash text, at timestamptz) returns table (
  id text, user_id text, service_account_id text, org_id text, role text, active boolean, plan text, seats integer,
  own_live integer, own_used integer, pool_live integer, pool_used integer,
  scopes text[], allowed_models text[], allowed_addresses text[], expires_at timestamptz
) language sql stable security definer set search_path = public, pg_temp
as $$
  select k.id, k.user_id, k.service_account_id, k.org_id, m.role,
    (m.active or k.service_account_id is not null) and o.deletion_due_at is null, e.plan, e.seats,
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
