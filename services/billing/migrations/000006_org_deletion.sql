-- What the end of an org asks of its subscription, and how far that was done.

alter table org_seats add column deletion text not null default 'none' check (deletion in ('none', 'announced', 'done'));
alter table org_seats add column deletion_acted text not null default 'none' check (deletion_acted in ('none', 'announced', 'done'));
create index org_seats_deletion on org_seats (org_id) where deletion <> deletion_acted;

alter table money_operation drop constraint money_operation_kind_check;
alter table money_operation add constraint money_operation_kind_check
  check (kind in ('checkout', 'change', 'schedule', 'cancel', 'resume', 'close'));
