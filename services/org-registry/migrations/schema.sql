-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
api_key.allowed_addresses text[]
api_key.allowed_models text[]
api_key.ceiling_version integer not null default 0
api_key.created_at timestamp with time zone not null
api_key.daily_ceiling integer
api_key.expires_at timestamp with time zone
api_key.hash text not null
api_key.id text not null
api_key.last_four text not null
api_key.last_used_at timestamp with time zone
api_key.name text not null
api_key.org_daily_ceiling integer
api_key.org_id text
api_key.parent_key_id text
api_key.prefix text not null
api_key.previous_ends_at timestamp with time zone
api_key.previous_hash text
api_key.revoked_at timestamp with time zone
api_key.scopes text[] not null default '{llm}'::text[]
api_key.seq bigint not null generated always as identity
api_key.service_account_id text
api_key.user_id text
app_user.admin boolean not null default false
app_user.created_at timestamp with time zone not null
app_user.display_name text
app_user.email text not null
app_user.email_verified_at timestamp with time zone
app_user.id text not null
attempt.count integer not null
attempt.key text not null
attempt.window_ends_at timestamp with time zone not null
audit_head.anchored_seq integer not null default 0
audit_head.chain text not null
audit_head.hash text not null
audit_head.seq integer not null
audit_log.action text not null
audit_log.actor text not null
audit_log.at timestamp with time zone not null
audit_log.chain text not null
audit_log.details text not null
audit_log.hash text not null
audit_log.kid text
audit_log.previous_hash text not null
audit_log.seq integer not null
audit_log.target text not null
byok_tenant.fallback boolean not null default false
byok_tenant.live integer not null
byok_tenant.tenant text not null
byok_tenant.used integer not null
credential.added_by text not null
credential.allowed_members text[]
credential.allowed_models text[]
credential.blocked_since timestamp with time zone
credential.changed_at timestamp with time zone not null
credential.checked_at timestamp with time zone
credential.created_at timestamp with time zone not null
credential.disabled_at timestamp with time zone
credential.fingerprint text not null
credential.id text not null
credential.kid text
credential.label text not null
credential.last_four text not null
credential.position integer not null
credential.provider text not null
credential.reason text
credential.revoked_at timestamp with time zone
credential.sealed text
credential.status text not null
credential.tenant text not null
credential.version integer not null
credential.wrapped text
daily_usage.calls bigint not null
daily_usage.completion_tokens bigint not null
daily_usage.cost_nano_usd bigint not null
daily_usage.day date not null
daily_usage.llm_requests bigint not null
daily_usage.prompt_tokens bigint not null
daily_usage.refunded_calls bigint not null
daily_usage.tenant text not null
daily_usage.user_id text not null
daily_usage.version bigint not null default 0
email_change.email text not null
email_change.expires_at timestamp with time zone not null
email_change.hash text not null
email_change.user_id text not null
email_token.email text not null
email_token.expires_at timestamp with time zone not null
email_token.hash text not null
entitlement.changed_at timestamp with time zone not null
entitlement.owner text not null
entitlement.plan text not null
entitlement.seats integer not null
entitlement.version integer not null
invitation.created_at timestamp with time zone not null
invitation.email text not null
invitation.expires_at timestamp with time zone not null
invitation.id text not null
invitation.invited_by text not null
invitation.mail_attempts integer not null default 0
invitation.mail_due_at timestamp with time zone
invitation.org_id text not null
invitation.role text not null
invitation.token_hash text
mail_request.attempts integer not null default 0
mail_request.email text not null
mail_request.id bigint not null generated always as identity
mail_request.kind text not null
mail_request.next_attempt_at timestamp with time zone not null
mail_request.user_id text
member.activated_at timestamp with time zone
member.active boolean not null
member.created_at timestamp with time zone not null
member.daily_ceiling integer
member.org_id text not null
member.removed_at timestamp with time zone
member.role text not null
member.user_id text not null
member.version integer not null
model_rules.allowed_models text[]
model_rules.allowed_providers text[]
model_rules.changed_at timestamp with time zone not null
model_rules.denied_models text[]
model_rules.denied_providers text[]
model_rules.org_id text not null
oidc_flow.authenticated_at timestamp with time zone
oidc_flow.expires_at timestamp with time zone not null
oidc_flow.hash text not null
oidc_flow.identity_id text
oidc_flow.linking_user_id text
oidc_identity.created_at timestamp with time zone not null
oidc_identity.email text
oidc_identity.id text not null
oidc_identity.issuer text not null
oidc_identity.last_used_at timestamp with time zone
oidc_identity.subject text not null
oidc_identity.user_id text not null
oidc_unlinked.issuer text not null
oidc_unlinked.user_id text not null
org.created_at timestamp with time zone not null
org.deleted_at timestamp with time zone
org.deletion_due_at timestamp with time zone
org.id text not null
org.name text not null
org.offer_expires_at timestamp with time zone
org.offered_to_user_id text
org.owner_user_id text not null
org.version integer not null
outbox.created_at timestamp with time zone not null default now()
outbox.id text not null
outbox.payload text not null
outbox.sent_at timestamp with time zone
outbox.seq bigint not null generated always as identity
outbox.subject text not null
outbox.traceparent text
passkey.counter bigint not null
passkey.created_at timestamp with time zone not null
passkey.credential_id text not null
passkey.id text not null
passkey.last_used_at timestamp with time zone
passkey.name text not null
passkey.public_key bytea not null
passkey.user_id text not null
passkey_challenge.expires_at timestamp with time zone not null
passkey_challenge.hash text not null
passkey_challenge.user_id text
password.changed_at timestamp with time zone not null
password.hash text not null
password.user_id text not null
processed_event.consumer text not null
processed_event.event_id text not null
processed_event.processed_at timestamp with time zone not null default now()
recovery_code.hash text not null
recovery_code.user_id text not null
service_account.created_at timestamp with time zone not null
service_account.created_by text not null
service_account.id text not null
service_account.name text not null
service_account.org_id text not null
service_account.removed_at timestamp with time zone
session.address text not null
session.authenticated_at timestamp with time zone not null
session.created_at timestamp with time zone not null
session.expires_at timestamp with time zone not null
session.id text not null
session.last_seen_at timestamp with time zone not null
session.second_factor_at timestamp with time zone
session.token_hash text not null
session.user_agent text not null
session.user_id text not null
totp.confirmed_at timestamp with time zone
totp.kid text
totp.last_step bigint not null default 0
totp.sealed_secret text not null
totp.user_id text not null
totp.wrapped text
usage_counted.counted_at timestamp with time zone not null default now()
usage_counted.usage_id text not null

-- constraints
api_key.api_key_allowed_addresses_check CHECK (((cardinality(allowed_addresses) >= 1) AND (cardinality(allowed_addresses) <= 20)))
api_key.api_key_allowed_models_check CHECK (((cardinality(allowed_models) >= 1) AND (cardinality(allowed_models) <= 50)))
api_key.api_key_check CHECK (((previous_hash IS NULL) = (previous_ends_at IS NULL)))
api_key.api_key_check1 CHECK ((previous_hash <> hash))
api_key.api_key_daily_ceiling_check CHECK (((daily_ceiling >= 1) AND (daily_ceiling <= 10000000)))
api_key.api_key_has_one_holder CHECK ((((user_id IS NULL) <> (service_account_id IS NULL)) AND ((service_account_id IS NULL) OR (org_id IS NOT NULL))))
api_key.api_key_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
api_key.api_key_hash_key UNIQUE (hash)
api_key.api_key_last_four_check CHECK ((length(last_four) = 4))
api_key.api_key_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
api_key.api_key_org_ceiling_in_org CHECK (((org_daily_ceiling IS NULL) OR (org_id IS NOT NULL)))
api_key.api_key_org_daily_ceiling_check CHECK (((org_daily_ceiling >= 1) AND (org_daily_ceiling <= 10000000)))
api_key.api_key_org_id_service_account_id_fkey FOREIGN KEY (org_id, service_account_id) REFERENCES service_account(org_id, id)
api_key.api_key_org_id_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES member(org_id, user_id)
api_key.api_key_parent_key_id_fkey FOREIGN KEY (parent_key_id) REFERENCES api_key(id)
api_key.api_key_pkey PRIMARY KEY (id)
api_key.api_key_prefix_check CHECK ((length(prefix) = 8))
api_key.api_key_previous_hash_check CHECK ((previous_hash ~ '^[0-9a-f]{64}$'::text))
api_key.api_key_previous_hash_key UNIQUE (previous_hash)
api_key.api_key_scopes_check CHECK (((scopes <@ ARRAY['llm'::text, 'usage:read'::text, 'account'::text]) AND (cardinality(scopes) >= 1)))
api_key.api_key_seq_key UNIQUE (seq)
api_key.api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
app_user.app_user_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 100)))
app_user.app_user_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254)))
app_user.app_user_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
app_user.app_user_pkey PRIMARY KEY (id)
attempt.attempt_count_check CHECK ((count >= 0))
attempt.attempt_key_check CHECK ((key ~ '^[0-9a-f]{64}$'::text))
attempt.attempt_pkey PRIMARY KEY (key)
audit_head.audit_head_chain_check CHECK ((chain ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
audit_head.audit_head_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
audit_head.audit_head_pkey PRIMARY KEY (chain)
audit_head.audit_head_seq_check CHECK ((seq >= 0))
audit_log.audit_log_chain_fkey FOREIGN KEY (chain) REFERENCES audit_head(chain)
audit_log.audit_log_details_check CHECK (((details)::json IS NOT NULL))
audit_log.audit_log_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
audit_log.audit_log_kid_check CHECK ((kid ~ '^[A-Za-z0-9._-]{1,32}$'::text))
audit_log.audit_log_pkey PRIMARY KEY (chain, seq)
audit_log.audit_log_previous_hash_check CHECK ((previous_hash ~ '^[0-9a-f]{64}$'::text))
audit_log.audit_log_seq_check CHECK ((seq >= 1))
byok_tenant.byok_tenant_check CHECK (((used >= 0) AND (used <= live)))
byok_tenant.byok_tenant_live_check CHECK ((live >= 0))
byok_tenant.byok_tenant_pkey PRIMARY KEY (tenant)
byok_tenant.byok_tenant_tenant_check CHECK ((tenant ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
credential.credential_check CHECK ((((kid IS NULL) = (revoked_at IS NOT NULL)) AND ((kid IS NULL) = (wrapped IS NULL)) AND ((kid IS NULL) = (sealed IS NULL))))
credential.credential_check1 CHECK (((reason IS NULL) = (revoked_at IS NULL)))
credential.credential_check2 CHECK (((disabled_at IS NULL) OR (blocked_since IS NOT NULL)))
credential.credential_fingerprint_check CHECK ((fingerprint ~ '^[0-9a-f]{64}$'::text))
credential.credential_kid_check CHECK (((length(kid) >= 1) AND (length(kid) <= 64)))
credential.credential_label_check CHECK (((length(label) >= 1) AND (length(label) <= 100)))
credential.credential_last_four_check CHECK ((length(last_four) <= 4))
credential.credential_pkey PRIMARY KEY (id)
credential.credential_position_check CHECK ((("position" >= 1) AND ("position" <= 1000000)))
credential.credential_provider_check CHECK ((provider ~ '^[a-z0-9-]{1,40}$'::text))
credential.credential_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
credential.credential_status_check CHECK ((status = ANY (ARRAY['valid'::text, 'invalid'::text, 'unverified'::text])))
credential.credential_tenant_fkey FOREIGN KEY (tenant) REFERENCES byok_tenant(tenant)
credential.credential_version_check CHECK ((version >= 1))
daily_usage.daily_usage_pkey PRIMARY KEY (tenant, day, user_id)
email_change.email_change_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254)))
email_change.email_change_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
email_change.email_change_hash_key UNIQUE (hash)
email_change.email_change_pkey PRIMARY KEY (user_id)
email_change.email_change_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
email_token.email_token_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
email_token.email_token_pkey PRIMARY KEY (hash)
entitlement.entitlement_owner_check CHECK ((owner ~ '^(user|org):[A-Za-z0-9_-]{1,64}$'::text))
entitlement.entitlement_pkey PRIMARY KEY (owner)
entitlement.entitlement_seats_check CHECK ((seats >= 1))
entitlement.entitlement_version_check CHECK ((version >= 1))
invitation.invitation_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254)))
invitation.invitation_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
invitation.invitation_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES app_user(id)
invitation.invitation_mail_attempts_check CHECK ((mail_attempts >= 0))
invitation.invitation_org_id_fkey FOREIGN KEY (org_id) REFERENCES org(id)
invitation.invitation_pkey PRIMARY KEY (id)
invitation.invitation_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'member'::text, 'billing'::text])))
invitation.invitation_token_hash_check CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
invitation.invitation_token_hash_key UNIQUE (token_hash)
mail_request.mail_request_attempts_check CHECK ((attempts >= 0))
mail_request.mail_request_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254)))
mail_request.mail_request_kind_check CHECK ((kind = ANY (ARRAY['sign_up'::text, 'password_reset'::text, 'email_change'::text, 'email_changed'::text])))
mail_request.mail_request_pkey PRIMARY KEY (id)
mail_request.mail_request_user CHECK (((kind = 'email_change'::text) = (user_id IS NOT NULL)))
mail_request.mail_request_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
member.member_check CHECK ((active = (activated_at IS NOT NULL)))
member.member_check1 CHECK (((role <> 'owner'::text) OR active))
member.member_daily_ceiling_check CHECK (((daily_ceiling >= 1) AND (daily_ceiling <= 10000000)))
member.member_org_id_fkey FOREIGN KEY (org_id) REFERENCES org(id)
member.member_pkey PRIMARY KEY (org_id, user_id)
member.member_removed CHECK (((removed_at IS NULL) OR ((NOT active) AND (role <> 'owner'::text))))
member.member_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'billing'::text])))
member.member_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
member.member_version_check CHECK ((version >= 1))
model_rules.model_rules_org_id_fkey FOREIGN KEY (org_id) REFERENCES org(id)
model_rules.model_rules_pkey PRIMARY KEY (org_id)
oidc_flow.oidc_flow_check CHECK (((identity_id IS NULL) OR (linking_user_id IS NULL)))
oidc_flow.oidc_flow_check1 CHECK (((identity_id IS NULL) = (authenticated_at IS NULL)))
oidc_flow.oidc_flow_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
oidc_flow.oidc_flow_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES oidc_identity(id) ON DELETE CASCADE
oidc_flow.oidc_flow_linking_user_id_fkey FOREIGN KEY (linking_user_id) REFERENCES app_user(id)
oidc_flow.oidc_flow_pkey PRIMARY KEY (hash)
oidc_identity.oidc_identity_email_check CHECK (((length(email) >= 3) AND (length(email) <= 254)))
oidc_identity.oidc_identity_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
oidc_identity.oidc_identity_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 2000)))
oidc_identity.oidc_identity_issuer_subject_key UNIQUE (issuer, subject)
oidc_identity.oidc_identity_pkey PRIMARY KEY (id)
oidc_identity.oidc_identity_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))
oidc_identity.oidc_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
oidc_identity.oidc_identity_user_id_issuer_key UNIQUE (user_id, issuer)
oidc_unlinked.oidc_unlinked_pkey PRIMARY KEY (user_id, issuer)
oidc_unlinked.oidc_unlinked_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
org.org_deleted_when_due CHECK (((deleted_at IS NULL) OR (deletion_due_at IS NOT NULL)))
org.org_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
org.org_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
org.org_offer CHECK (((offered_to_user_id IS NULL) = (offer_expires_at IS NULL)))
org.org_offered_to_user_id_fkey FOREIGN KEY (offered_to_user_id) REFERENCES app_user(id)
org.org_owner_user_id_fkey FOREIGN KEY (owner_user_id) REFERENCES app_user(id)
org.org_pkey PRIMARY KEY (id)
org.org_version_check CHECK ((version >= 1))
outbox.outbox_id_key UNIQUE (id)
outbox.outbox_pkey PRIMARY KEY (seq)
passkey.passkey_counter_check CHECK ((counter >= 0))
passkey.passkey_credential_id_check CHECK (((length(credential_id) >= 1) AND (length(credential_id) <= 1400)))
passkey.passkey_credential_id_key UNIQUE (credential_id)
passkey.passkey_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
passkey.passkey_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
passkey.passkey_pkey PRIMARY KEY (id)
passkey.passkey_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
passkey_challenge.passkey_challenge_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
passkey_challenge.passkey_challenge_pkey PRIMARY KEY (hash)
passkey_challenge.passkey_challenge_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
password.password_hash_check CHECK (((length(hash) >= 20) AND (length(hash) <= 300)))
password.password_pkey PRIMARY KEY (user_id)
password.password_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
processed_event.processed_event_pkey PRIMARY KEY (consumer, event_id)
recovery_code.recovery_code_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
recovery_code.recovery_code_pkey PRIMARY KEY (user_id, hash)
recovery_code.recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES totp(user_id) ON DELETE CASCADE
service_account.service_account_created_by_fkey FOREIGN KEY (created_by) REFERENCES app_user(id)
service_account.service_account_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
service_account.service_account_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
service_account.service_account_org_id_fkey FOREIGN KEY (org_id) REFERENCES org(id)
service_account.service_account_org_id_id_key UNIQUE (org_id, id)
service_account.service_account_pkey PRIMARY KEY (id)
session.session_address_check CHECK ((length(address) <= 64))
session.session_id_check CHECK ((id ~ '^[A-Za-z0-9_-]{1,64}$'::text))
session.session_pkey PRIMARY KEY (id)
session.session_token_hash_check CHECK ((token_hash ~ '^[0-9a-f]{64}$'::text))
session.session_token_hash_key UNIQUE (token_hash)
session.session_user_agent_check CHECK ((length(user_agent) <= 200))
session.session_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
totp.totp_envelope CHECK (((kid IS NULL) = (wrapped IS NULL)))
totp.totp_kid_check CHECK (((length(kid) >= 1) AND (length(kid) <= 64)))
totp.totp_pkey PRIMARY KEY (user_id)
totp.totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
usage_counted.usage_counted_pkey PRIMARY KEY (usage_id)

-- indexes
CREATE INDEX api_key_live_by_org ON public.api_key USING btree (org_id, created_at, id) WHERE ((revoked_at IS NULL) AND (org_id IS NOT NULL))
CREATE INDEX api_key_live_by_parent ON public.api_key USING btree (parent_key_id) WHERE ((revoked_at IS NULL) AND (parent_key_id IS NOT NULL))
CREATE INDEX api_key_live_by_service_account ON public.api_key USING btree (service_account_id, created_at, id) WHERE ((revoked_at IS NULL) AND (service_account_id IS NOT NULL))
CREATE INDEX api_key_live_by_user ON public.api_key USING btree (user_id, created_at, id) WHERE (revoked_at IS NULL)
CREATE INDEX attempt_by_end ON public.attempt USING btree (window_ends_at)
CREATE INDEX audit_head_unanchored ON public.audit_head USING btree (chain) WHERE (anchored_seq < seq)
CREATE INDEX credential_blocked ON public.credential USING btree (blocked_since, id) WHERE ((blocked_since IS NOT NULL) AND (disabled_at IS NULL) AND (revoked_at IS NULL))
CREATE INDEX credential_live_by_age ON public.credential USING btree (tenant, created_at, id) WHERE (revoked_at IS NULL)
CREATE INDEX credential_live_by_key ON public.credential USING btree (kid, id) WHERE (revoked_at IS NULL)
CREATE INDEX credential_live_by_position ON public.credential USING btree (tenant, "position", created_at, id) WHERE (revoked_at IS NULL)
CREATE INDEX daily_usage_by_day ON public.daily_usage USING btree (day, tenant)
CREATE INDEX email_change_by_expiry ON public.email_change USING btree (expires_at)
CREATE INDEX email_token_by_email ON public.email_token USING btree (lower(email))
CREATE INDEX email_token_by_expiry ON public.email_token USING btree (expires_at)
CREATE INDEX invitation_by_expiry ON public.invitation USING btree (expires_at)
CREATE INDEX invitation_mail_due ON public.invitation USING btree (mail_due_at, id) WHERE (mail_due_at IS NOT NULL)
CREATE INDEX mail_request_due ON public.mail_request USING btree (next_attempt_at, id)
CREATE INDEX member_by_user ON public.member USING btree (user_id)
CREATE INDEX oidc_flow_by_expiry ON public.oidc_flow USING btree (expires_at)
CREATE INDEX oidc_flow_by_identity ON public.oidc_flow USING btree (identity_id) WHERE (identity_id IS NOT NULL)
CREATE INDEX org_by_owner ON public.org USING btree (owner_user_id) WHERE (deleted_at IS NULL)
CREATE INDEX org_deletion_due ON public.org USING btree (deletion_due_at) WHERE ((deletion_due_at IS NOT NULL) AND (deleted_at IS NULL))
CREATE INDEX outbox_created_at ON public.outbox USING btree (created_at)
CREATE INDEX outbox_sent_at ON public.outbox USING btree (sent_at) WHERE (sent_at IS NOT NULL)
CREATE INDEX outbox_unsent ON public.outbox USING btree (seq) WHERE (sent_at IS NULL)
CREATE INDEX passkey_by_user ON public.passkey USING btree (user_id, id)
CREATE INDEX passkey_challenge_by_expiry ON public.passkey_challenge USING btree (expires_at)
CREATE INDEX service_account_live ON public.service_account USING btree (org_id, id) WHERE (removed_at IS NULL)
CREATE INDEX session_by_expiry ON public.session USING btree (expires_at)
CREATE INDEX session_by_user ON public.session USING btree (user_id, created_at, id)
CREATE INDEX totp_by_key ON public.totp USING btree (kid, user_id)
CREATE INDEX usage_counted_by_time ON public.usage_counted USING btree (counted_at)
CREATE UNIQUE INDEX api_key_hash_key ON public.api_key USING btree (hash)
CREATE UNIQUE INDEX api_key_pkey ON public.api_key USING btree (id)
CREATE UNIQUE INDEX api_key_previous_hash_key ON public.api_key USING btree (previous_hash)
CREATE UNIQUE INDEX api_key_seq_key ON public.api_key USING btree (seq)
CREATE UNIQUE INDEX app_user_email ON public.app_user USING btree (lower(email))
CREATE UNIQUE INDEX app_user_pkey ON public.app_user USING btree (id)
CREATE UNIQUE INDEX attempt_pkey ON public.attempt USING btree (key)
CREATE UNIQUE INDEX audit_head_pkey ON public.audit_head USING btree (chain)
CREATE UNIQUE INDEX audit_log_pkey ON public.audit_log USING btree (chain, seq)
CREATE UNIQUE INDEX byok_tenant_pkey ON public.byok_tenant USING btree (tenant)
CREATE UNIQUE INDEX credential_one_of_a_kind ON public.credential USING btree (tenant, fingerprint) WHERE (revoked_at IS NULL)
CREATE UNIQUE INDEX credential_pkey ON public.credential USING btree (id)
CREATE UNIQUE INDEX daily_usage_pkey ON public.daily_usage USING btree (tenant, day, user_id)
CREATE UNIQUE INDEX email_change_hash_key ON public.email_change USING btree (hash)
CREATE UNIQUE INDEX email_change_pkey ON public.email_change USING btree (user_id)
CREATE UNIQUE INDEX email_token_pkey ON public.email_token USING btree (hash)
CREATE UNIQUE INDEX entitlement_pkey ON public.entitlement USING btree (owner)
CREATE UNIQUE INDEX invitation_by_address ON public.invitation USING btree (org_id, email)
CREATE UNIQUE INDEX invitation_pkey ON public.invitation USING btree (id)
CREATE UNIQUE INDEX invitation_token_hash_key ON public.invitation USING btree (token_hash)
CREATE UNIQUE INDEX mail_request_pkey ON public.mail_request USING btree (id)
CREATE UNIQUE INDEX member_one_owner ON public.member USING btree (org_id) WHERE (role = 'owner'::text)
CREATE UNIQUE INDEX member_pkey ON public.member USING btree (org_id, user_id)
CREATE UNIQUE INDEX model_rules_pkey ON public.model_rules USING btree (org_id)
CREATE UNIQUE INDEX oidc_flow_pkey ON public.oidc_flow USING btree (hash)
CREATE UNIQUE INDEX oidc_identity_issuer_subject_key ON public.oidc_identity USING btree (issuer, subject)
CREATE UNIQUE INDEX oidc_identity_pkey ON public.oidc_identity USING btree (id)
CREATE UNIQUE INDEX oidc_identity_user_id_issuer_key ON public.oidc_identity USING btree (user_id, issuer)
CREATE UNIQUE INDEX oidc_unlinked_pkey ON public.oidc_unlinked USING btree (user_id, issuer)
CREATE UNIQUE INDEX org_pkey ON public.org USING btree (id)
CREATE UNIQUE INDEX outbox_id_key ON public.outbox USING btree (id)
CREATE UNIQUE INDEX outbox_pkey ON public.outbox USING btree (seq)
CREATE UNIQUE INDEX passkey_challenge_pkey ON public.passkey_challenge USING btree (hash)
CREATE UNIQUE INDEX passkey_credential_id_key ON public.passkey USING btree (credential_id)
CREATE UNIQUE INDEX passkey_pkey ON public.passkey USING btree (id)
CREATE UNIQUE INDEX password_pkey ON public.password USING btree (user_id)
CREATE UNIQUE INDEX processed_event_pkey ON public.processed_event USING btree (consumer, event_id)
CREATE UNIQUE INDEX recovery_code_pkey ON public.recovery_code USING btree (user_id, hash)
CREATE UNIQUE INDEX service_account_org_id_id_key ON public.service_account USING btree (org_id, id)
CREATE UNIQUE INDEX service_account_pkey ON public.service_account USING btree (id)
CREATE UNIQUE INDEX session_pkey ON public.session USING btree (id)
CREATE UNIQUE INDEX session_token_hash_key ON public.session USING btree (token_hash)
CREATE UNIQUE INDEX totp_pkey ON public.totp USING btree (user_id)
CREATE UNIQUE INDEX usage_counted_pkey ON public.usage_counted USING btree (usage_id)

-- functions
CREATE OR REPLACE FUNCTION public.acting_orgs()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select nullif(current_setting('topdog.org', true), '')
  union all
  select org_id from member where user_id = acting_user() and removed_at is null
$function$
CREATE OR REPLACE FUNCTION public.acting_tenants()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$ select 'user:' || acting_user() union all select 'org:' || o from acting_orgs() as o $function$
CREATE OR REPLACE FUNCTION public.acting_user()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$ select nullif(current_setting('topdog.user', true), '') $function$
CREATE OR REPLACE FUNCTION public.acts_for_everyone()
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$ select coalesce(current_setting('topdog.everyone', true), '') = 'on' $function$
CREATE OR REPLACE FUNCTION public.key_holder(key_hash text, at timestamp with time zone)
 RETURNS TABLE(id text, user_id text, service_account_id text, org_id text, role text, active boolean, plan text, seats integer, own_live integer, own_used integer, pool_live integer, pool_used integer, scopes text[], allowed_models text[], allowed_addresses text[], expires_at timestamp with time zone, daily_ceiling integer, org_daily_ceiling integer, ceiling_version integer, member_ceiling integer, member_version integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select k.id, k.user_id, k.service_account_id, k.org_id, m.role,
    (m.active or k.service_account_id is not null) and o.deletion_due_at is null, e.plan, e.seats,
    own.live, own.used, pool.live, pool.used, k.scopes, k.allowed_models, k.allowed_addresses,
    case when k.hash = key_hash then k.expires_at else least(k.expires_at, k.previous_ends_at) end,
    k.daily_ceiling, k.org_daily_ceiling, k.ceiling_version, m.daily_ceiling, m.version
  from api_key k
  left join org o on o.id = k.org_id
  left join member m on m.org_id = k.org_id and m.user_id = k.user_id and m.removed_at is null
  left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
  left join byok_tenant own on own.tenant = 'user:' || k.user_id
  left join byok_tenant pool on pool.tenant = 'org:' || k.org_id
  where (k.hash = key_hash or (k.previous_hash = key_hash and k.previous_ends_at > at))
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > at)
$function$
CREATE OR REPLACE FUNCTION public.model_rules_of(org text)
 RETURNS TABLE(org_allowed_models text[], org_denied_models text[], org_allowed_providers text[], org_denied_providers text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select r.allowed_models, r.denied_models, r.allowed_providers, r.denied_providers from model_rules r where r.org_id = org
$function$
CREATE OR REPLACE FUNCTION public.refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end
$function$
CREATE OR REPLACE FUNCTION public.session_of_token(secret_hash text, at timestamp with time zone)
 RETURNS TABLE(id text, user_id text, token_hash text, created_at timestamp with time zone, authenticated_at timestamp with time zone, second_factor_at timestamp with time zone, last_seen_at timestamp with time zone, expires_at timestamp with time zone, address text, user_agent text, admin boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select s.id, s.user_id, s.token_hash, s.created_at, s.authenticated_at, s.second_factor_at, s.last_seen_at, s.expires_at,
    s.address, s.user_agent, u.admin
  from session s join app_user u on u.id = s.user_id
  where s.token_hash = secret_hash and s.expires_at > at
$function$

-- row security
api_key
api_key tenant for ALL using (acts_for_everyone() OR (user_id = acting_user()) OR (org_id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
audit_head
audit_head tenant for ALL using (acts_for_everyone() OR (chain IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
audit_log
audit_log tenant for ALL using (acts_for_everyone() OR (chain IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
byok_tenant
byok_tenant tenant for ALL using (acts_for_everyone() OR (tenant IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
credential
credential tenant for ALL using (acts_for_everyone() OR (tenant IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
daily_usage
daily_usage tenant for ALL using (acts_for_everyone() OR (tenant IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
email_change
email_change tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
entitlement
entitlement tenant for ALL using (acts_for_everyone() OR (owner IN ( SELECT acting_tenants() AS acting_tenants))) with check (the same)
invitation
invitation tenant for ALL using (acts_for_everyone() OR (org_id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
member
member tenant for ALL using (acts_for_everyone() OR (user_id = acting_user()) OR (org_id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
model_rules
model_rules tenant for ALL using (acts_for_everyone() OR (org_id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
oidc_identity
oidc_identity tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
oidc_unlinked
oidc_unlinked tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
org
org tenant for ALL using (acts_for_everyone() OR (id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
passkey
passkey tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
password
password tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
recovery_code
recovery_code tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
service_account
service_account tenant for ALL using (acts_for_everyone() OR (org_id IN ( SELECT acting_orgs() AS acting_orgs))) with check (the same)
session
session tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)
totp
totp tenant for ALL using (acts_for_everyone() OR (user_id = acting_user())) with check (the same)

-- privileges of others than the owner
api_key: delete, insert, select, update
app_user: delete, insert, select, update
attempt: delete, insert, select, update
audit_head: insert, select, update
audit_log: insert, select
byok_tenant: delete, insert, select, update
credential: delete, insert, select, update
daily_usage: delete, insert, select, update
email_change: delete, insert, select, update
email_token: delete, insert, select, update
entitlement: delete, insert, select, update
invitation: delete, insert, select, update
mail_request: delete, insert, select, update
member: delete, insert, select, update
model_rules: delete, insert, select, update
oidc_flow: delete, insert, select, update
oidc_identity: delete, insert, select, update
oidc_unlinked: delete, insert, select, update
org: delete, insert, select, update
outbox: delete, insert, select, update
passkey: delete, insert, select, update
passkey_challenge: delete, insert, select, update
password: delete, insert, select, update
processed_event: delete, insert, select, update
recovery_code: delete, insert, select, update
service_account: delete, insert, select, update
session: delete, insert, select, update
totp: delete, insert, select, update
usage_counted: delete, insert, select, update

-- triggers
CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
