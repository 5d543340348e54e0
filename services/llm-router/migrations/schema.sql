-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
erasure.at timestamp with time zone not null
erasure.id bigint not null generated always as identity
erasure.org_id text
erasure.user_id text
kept_answer.claim uuid
kept_answer.created_at timestamp with time zone not null default now()
kept_answer.fingerprint text
kept_answer.kid text
kept_answer.lapses_at timestamp with time zone not null
kept_answer.name text not null
kept_answer.org_id text
kept_answer.owner text not null
kept_answer.purpose text not null
kept_answer.sealed bytea
kept_answer.state text not null
kept_answer.user_id text
kept_answer.wrapped text
processed_event.consumer text not null
processed_event.event_id text not null
processed_event.processed_at timestamp with time zone not null default now()

-- constraints
erasure.erasure_names_somebody CHECK (((org_id IS NOT NULL) OR (user_id IS NOT NULL)))
erasure.erasure_pkey PRIMARY KEY (id)
kept_answer.kept_answer_is_claimed CHECK (((state = 'running'::text) = (claim IS NOT NULL)))
kept_answer.kept_answer_is_whole CHECK (((state = 'kept'::text) = ((sealed IS NOT NULL) AND (kid IS NOT NULL) AND (wrapped IS NOT NULL))))
kept_answer.kept_answer_pkey PRIMARY KEY (purpose, owner, name)
kept_answer.kept_answer_purpose_check CHECK ((purpose = ANY (ARRAY['idempotency'::text, 'cache'::text, 'response'::text])))
kept_answer.kept_answer_state_check CHECK ((state = ANY (ARRAY['running'::text, 'kept'::text, 'too_large'::text])))
processed_event.processed_event_pkey PRIMARY KEY (consumer, event_id)

-- indexes
CREATE INDEX erasure_by_time ON public.erasure USING btree (at)
CREATE INDEX kept_answer_by_age ON public.kept_answer USING btree (purpose, owner, created_at)
CREATE INDEX kept_answer_by_lapse ON public.kept_answer USING btree (lapses_at)
CREATE INDEX kept_answer_by_org ON public.kept_answer USING btree (org_id, user_id) WHERE (org_id IS NOT NULL)
CREATE INDEX kept_answer_by_user ON public.kept_answer USING btree (user_id) WHERE (user_id IS NOT NULL)
CREATE UNIQUE INDEX erasure_pkey ON public.erasure USING btree (id)
CREATE UNIQUE INDEX kept_answer_pkey ON public.kept_answer USING btree (purpose, owner, name)
CREATE UNIQUE INDEX processed_event_pkey ON public.processed_event USING btree (consumer, event_id)

-- functions
CREATE OR REPLACE FUNCTION public.acts_for_everyone()
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$ select coalesce(current_setting('topdog.everyone', true), '') = 'on' $function$

-- row security
kept_answer
kept_answer owner for ALL using (acts_for_everyone() OR (owner = NULLIF(current_setting('topdog.owner'::text, true), ''::text))) with check (the same)

-- privileges of others than the owner
erasure: delete, insert, select, update
kept_answer: delete, insert, select, update
processed_event: delete, insert, select, update
