-- Z2. Demographics are sealed under the identity's data key; tokens are deterministic AES-SIV outputs.
-- Tokens and members have no foreign keys: they are written in one transaction with the identity and the person they
-- name, under one lock, and a check for each row would double the cost of a first load.

CREATE TABLE identity.source_identity (
  identity_id      bytea PRIMARY KEY CHECK (length(identity_id) = 16),
  provider_id      text NOT NULL,
  sealed           bytea NOT NULL,
  complete         boolean NOT NULL,   -- birth date and sex are both given
  first_submission bytea NOT NULL
);

CREATE TABLE identity.token (
  token       bytea NOT NULL,
  kind        text NOT NULL,           -- local, insured, name
  guard       bytea NOT NULL,          -- keyed hash of birth date and sex: equal guards may join, others conflict
  identity_id bytea NOT NULL,
  PRIMARY KEY (token, kind, identity_id)
);

CREATE TABLE identity.person (
  research_id bytea PRIMARY KEY CHECK (length(research_id) = 16),
  state       text NOT NULL CHECK (state IN ('active', 'merged', 'split', 'retired')),
  merged_into bytea REFERENCES identity.person,
  bucket      smallint NOT NULL,       -- home bucket in the lake
  born_in     bytea NOT NULL           -- submission
);

CREATE TABLE identity.member (
  identity_id bytea PRIMARY KEY,
  research_id bytea NOT NULL,
  bucket      smallint NOT NULL        -- the lake bucket in which this identity's facts lie
);
CREATE INDEX member_by_person ON identity.member (research_id);

-- Append-only: everything the matching decided and why; persons can be rebuilt from it.
CREATE TABLE identity.decision (
  decision_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL,
  submission_id bytea NOT NULL,
  kind          text NOT NULL,         -- new, join, merge
  identity_id   bytea NOT NULL,
  research_id   bytea NOT NULL,
  other         bytea,                 -- merge: the research id that became an alias; join: the identity joined to
  rule          text NOT NULL,         -- which token kinds agreed
  engine        text NOT NULL          -- name and version of the engine
);
CREATE INDEX decision_by_identity ON identity.decision (identity_id);

-- Same key, different birth date or sex: never merged silently.
CREATE TABLE identity.conflict (
  identity_a    bytea NOT NULL,
  identity_b    bytea NOT NULL,
  kind          text NOT NULL,         -- which token agreed
  submission_id bytea NOT NULL,
  state         text NOT NULL DEFAULT 'open',
  PRIMARY KEY (identity_a, identity_b, kind),
  CHECK (identity_a < identity_b)
);
