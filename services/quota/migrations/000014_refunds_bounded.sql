-- A day gives back at most as many tokens of a bucket as it has: calls that fail cost providers, and us, something.

alter table bucket add column refunded integer not null default 0 check (refunded >= 0);
