-- Limits of calls a day below the plan's: on a key by its holder, on a key of an org by an admin, on a member by an admin. Quota counts
-- against them; of two limits of a key or member the one with the higher version is in force there.

alter table api_key
  add column daily_ceiling integer check (daily_ceiling between 1 and 10000000),
  add column org_daily_ceiling integer check (org_daily_ceiling between 1 and 10000000),
  add column ceiling_version integer not null default 0,
  add constraint api_key_org_ceiling_in_org check (org_daily_ceiling is null or org_id is not null);
alter table member add column daily_ceiling integer check (daily_ceiling between 1 and 10000000);

-- The release before names the columns that it reads.
drop function key_holder;
create function key_holder(key_hash text, at timestamptz) returns table (
  id text, user_id text, service_account_id text, org_id text, role text, active boolean, plan text, seats integer,
  own_live integer, own_used integer, pool_live integer, pool_used integer,
  scopes text[], allowed_models text[], allowed_addresses text[], expires_at timestamptz,
  daily_ceiling integer, org_daily_ceiling integer, ceiling_version integer, member_ceiling integer, member_version integer
) language sql stable security definer set search_path = public, pg_temp
as $$
  select k.id, k.user_id, k.service_account_id, k.org_id, m.role,
    (m.active or k.service_account_id is not null) and o.deletion_due_at is null, e.plan, e.seats,
    own.live, own.used, pool.live, pool.used, k.scopes, k.allowed_models, k.allowed_addresses,
    case when k.hash = key_hash then k.expires_at else least(k.expires_at, k.previous_ends_at) end,
    k.daily_ceiling, k.org_daily_ceiling, k.ceiling_version, m.daily_ceiling, m.version
  from api_key k
  left join org o on o.id = k.org_id
  left join member m on m.org_id = k.org_id and m.user_id = k.user_id and m.removed_at is null
  left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
  left join byok_tenant own on own.tenant = 'user:' || k.user_id
  left join byok_tenant pool on pool.tenant = 'org:' || k.org_id
  where (k.hash = key_hash or (k.previous_hash = key_hash and k.previous_ends_at > at))
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
$$;
