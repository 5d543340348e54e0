-- A rotated key has a second secret for a while, and a key knows roughly when it was last used.

alter table api_key
  add column previous_hash text unique check (previous_hash ~ '^[0-9a-f]{64}$'),
  add column previous_ends_at timestamptz,
  add column last_used_at timestamptz,
  add check ((previous_hash is null) = (previous_ends_at is null)),
  add check (previous_hash <> hash);

-- `parent_key_id` is no longer written: keys make no keys. The release before this one still reads it.
