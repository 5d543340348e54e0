-- When billing wrote the version that is stored: what a later version can be is judged by it. Null: not told yet.
alter table entitlement add column changed_at timestamptz;
