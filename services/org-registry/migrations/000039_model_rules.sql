-- What an org's admins choose for its calls: models and providers. Null: no such rule; an org without a row has none.
create table model_rules (
  org_id text primary key references org (id),
  allowed_models text[],
  denied_models text[],
  allowed_providers text[],
  denied_providers text[],
  changed_at timestamptz not null
);
alter table model_rules enable row level security;
create policy tenant on model_rules using (acts_for_everyone() or org_id in (select acting_orgs()));

-- For the principal of a key of this org: gateways ask without acting for anybody.
create function model_rules_of(org text) returns table (
  org_allowed_models text[], org_denied_models text[], org_allowed_providers text[], org_denied_providers text[]
) language sql stable security definer set search_path = public, pg_temp
as $$
  select r.allowed_models, r.denied_models, r.allowed_providers, r.denied_providers from model_rules r where r.org_id = org
$$;
