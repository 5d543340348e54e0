-- Who draws from an org's bucket: while members contest it, each has a share that is kept for them. A lease of it holds tokens for one member,
-- so a gateway has one for each. The release before makes leases for nobody, which are held to no share.

alter table lease add column member text;
drop index lease_one_open;
create unique index lease_one_open on lease (owner, meter, day, gateway_id, member) nulls not distinct where state = 'open';

create table member_draw (
  owner text not null,
  meter text not null,
  day date not null,
  member text not null,
  -- Settled or in escrow, as the member's leases have it, less what was refunded.
  drawn integer not null check (drawn >= 0),
  asked_at timestamptz not null,
  primary key (owner, meter, day, member),
  foreign key (owner, meter, day) references bucket on delete cascade
) with (fillfactor = 60);
