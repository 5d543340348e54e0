-- A payment that went back, and a subscription whose tax cannot be computed, are for a person to look at.

alter table quarantine drop constraint quarantine_kind_check;
alter table quarantine add constraint quarantine_kind_check check (kind in
  ('unknown_price', 'unknown_status', 'several_items', 'wrong_owner_kind', 'below_minimum', 'extra_subscription', 'orphan_customer',
   'money_went_back', 'tax_location_missing'));
