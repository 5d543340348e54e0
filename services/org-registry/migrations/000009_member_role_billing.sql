-- `billing` sees an org and pays for it. The release before this one reads no such row before an owner gives the role.

alter table member drop constraint member_role_check;
alter table member add constraint member_role_check check (role in ('owner', 'admin', 'member', 'billing'));
