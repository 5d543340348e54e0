-- One fetch of a customer at a time, without a transaction or a connection that waits for Stripe (ADR 37).

-- The number of the newest lease: it rises with each, and what was fetched under an older one is not written.
alter table customer add column sync_fence integer not null default 0 check (sync_fence >= 0);
-- Of the newest lease whose fetch was written.
alter table customer add column sync_applied integer not null default 0 check (sync_applied >= 0 and sync_applied <= sync_fence);
-- Until then nobody else begins; null while nobody fetches.
alter table customer add column sync_until timestamptz;
