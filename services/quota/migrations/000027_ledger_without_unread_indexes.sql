-- Since usage is read from its sums (000008) nobody looks a user's or an org's rows up in the ledger, and each completed call wrote an entry
-- or two into these.
drop index ledger_by_user;
drop index ledger_by_org;
