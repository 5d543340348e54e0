-- An org that its owner deletes is kept for a while, so that they can restore it; ownership is offered, and taken by who accepts it.
alter table org
  -- Set while the org waits for its deletion: its keys are refused, and nothing of it changes but by a restoration.
  add column deletion_due_at timestamptz,
  -- The row stays, because the audit log names it.
  add column deleted_at timestamptz,
  add column offered_to_user_id text references app_user (id),
  add column offer_expires_at timestamptz,
  add constraint org_offer check ((offered_to_user_id is null) = (offer_expires_at is null)),
  add constraint org_deleted_when_due check (deleted_at is null or deletion_due_at is not null);
create index org_deletion_due on org (deletion_due_at) where deletion_due_at is not null and deleted_at is null;
create index org_by_owner on org (owner_user_id) where deleted_at is null;

-- The row of a member who left stays: its version must go on rising when they join again, and their revoked keys refer to it.
alter table member
  add column removed_at timestamptz,
  add constraint member_removed check (removed_at is null or (not active and role <> 'owner'));
