-- Ceilings: buckets of `capped_calls`, whose limit is not a plan's. Gateways bring it with their reports; the newest version counts.
-- The release before makes no such bucket and is asked about none.

alter table bucket
  drop constraint bucket_meter_check,
  add constraint bucket_meter_check check (meter in ('api_calls', 'llm_requests', 'capped_calls')),
  alter column plan drop not null,
  alter column subscription_owner drop not null,
  add column ceiling_version integer,
  add constraint bucket_has_a_plan_or_a_ceiling check (
    (meter = 'capped_calls') = (ceiling_version is not null)
    and (meter = 'capped_calls') = (plan is null) and (meter = 'capped_calls') = (subscription_owner is null)
  );
