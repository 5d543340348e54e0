-- The hash of a row is made with a key from now on; `kid` says with which. Rows without one were made before.
-- What is hashed now is known to others too: `anchored_seq` is the last row of a chain that was published.
alter table audit_log add column kid text check (kid ~ '^[A-Za-z0-9._-]{1,32}$');
alter table audit_head add column anchored_seq integer not null default 0;
create index audit_head_unanchored on audit_head (chain) where anchored_seq < seq;
