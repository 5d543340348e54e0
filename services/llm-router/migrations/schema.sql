-- What a freshly migrated database holds. The service's schema test compares it, and prints the difference.

-- columns
kept_answer.claim uuid
kept_answer.created_at timestamp with time zone not null default now()
kept_answer.fingerprint text
kept_answer.kid text
kept_answer.lapses_at timestamp with time zone not null
kept_answer.name text not null
kept_answer.owner text not null
kept_answer.purpose text not null
kept_answer.sealed bytea
kept_answer.state text not null
kept_answer.wrapped text

-- constraints
kept_answer.kept_answer_is_claimed CHECK (((state = 'running'::text) = (claim IS NOT NULL)))
kept_answer.kept_answer_is_whole CHECK (((state = 'kept'::text) = ((sealed IS NOT NULL) AND (kid IS NOT NULL) AND (wrapped IS NOT NULL))))
kept_answer.kept_answer_pkey PRIMARY KEY (purpose, owner, name)
kept_answer.kept_answer_purpose_check CHECK ((purpose = ANY (ARRAY['idempotency'::text, 'cache'::text, 'response'::text])))
kept_answer.kept_answer_state_check CHECK ((state = ANY (ARRAY['running'::text, 'kept'::text, 'too_large'::text])))

-- indexes
CREATE INDEX kept_answer_by_age ON public.kept_answer USING btree (purpose, owner, created_at)
CREATE INDEX kept_answer_by_lapse ON public.kept_answer USING btree (lapses_at)
CREATE UNIQUE INDEX kept_answer_pkey ON public.kept_answer USING btree (purpose, owner, name)

-- privileges of others than the owner
kept_answer: delete, insert, select, update
