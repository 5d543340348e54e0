-- A key that was made with another key is revoked with it. Pages of keys go by time and id: a sort position that names no row.

alter table api_key add column parent_key_id text references api_key (id);
create index api_key_live_by_parent on api_key (parent_key_id) where revoked_at is null and parent_key_id is not null;

-- `seq` is no longer read; the release before this one still sorts by it.
drop index api_key_live_by_user;
drop index api_key_live_by_org;
create index api_key_live_by_user on api_key (user_id, created_at, id) where revoked_at is null;
create index api_key_live_by_org on api_key (org_id, created_at, id) where revoked_at is null and org_id is not null;
