-- A subscription whose period Stripe does not tell is for a person to look at: nothing of it would end by the clock.

alter table quarantine drop constraint quarantine_kind_check;
alter table quarantine add constraint quarantine_kind_check check (kind in
  ('unknown_price', 'unknown_status', 'several_items', 'wrong_owner_kind', 'below_minimum', 'extra_subscription', 'orphan_customer',
   'money_went_back', 'tax_location_missing', 'period_missing'));
