-- Z1. Rows that could identify a person hold only keyed hashes or sealed bytes.
-- The bulk tables have no foreign keys: their rows are written in one transaction with the submission they name, and
-- a check for each of millions of rows would cost more than the load itself.

CREATE TABLE intake.submission (
  submission_id  bytea PRIMARY KEY CHECK (length(submission_id) = 16),
  feed_id        text,                 -- as the manifest says; unknown feeds are kept for the report
  submitter_id   text,
  kind           text,
  business_date  date,
  received_at    timestamptz NOT NULL,
  state          text NOT NULL,
  files          bigint NOT NULL DEFAULT 0,
  bytes          bigint NOT NULL DEFAULT 0,
  signature      text,
  parameter_hash text NOT NULL DEFAULT '',
  code_version   text NOT NULL DEFAULT ''
);

-- Every step of every submission, in order; and every later delivery of the same package.
CREATE TABLE intake.submission_event (
  event_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  submission_id bytea NOT NULL,
  at            timestamptz NOT NULL,
  state         text NOT NULL,
  detail        text NOT NULL DEFAULT ''
);
CREATE INDEX submission_event_by_submission ON intake.submission_event (submission_id);

CREATE TABLE intake.document (
  document       bytea NOT NULL CHECK (length(document) = 32),
  submission_id  bytea NOT NULL,
  ordinal        integer NOT NULL,     -- place in the manifest; -1: the manifest itself; below: quarantined whole
  provider_id    text NOT NULL,
  bytes          bigint NOT NULL,
  path_key       bytea NOT NULL,       -- key under which the path is sealed
  path_sealed    bytea NOT NULL,       -- the path may hold a patient number
  mapper_version text NOT NULL,
  pack           text NOT NULL,        -- vault pack file that holds the bytes
  pack_offset    bigint NOT NULL,      -- where the document's entry begins in the pack
  pack_len       bigint NOT NULL,
  PRIMARY KEY (submission_id, ordinal)
);
CREATE INDEX document_by_hash ON intake.document (document);

CREATE TABLE intake.unit (
  document      bytea NOT NULL,
  ordinal       integer NOT NULL,
  submission_id bytea NOT NULL,
  file          integer NOT NULL,      -- place in the manifest: one document may come under two paths
  provider_id   text NOT NULL,
  byte_start    bigint NOT NULL,
  byte_len      bigint NOT NULL,
  identity_id   bytea,                 -- null when quarantined before anybody was recognised
  disposition   text NOT NULL,
  version_key   bytea,                 -- keyed hash of the logical key
  version_time  text,
  version_flag  smallint,
  records       text NOT NULL,         -- its records by kind, `SY:3 SI:12`; codes of record kinds only
  PRIMARY KEY (document, ordinal, submission_id, file)
);
CREATE INDEX unit_by_submission ON intake.unit (submission_id);
CREATE INDEX unit_by_version ON intake.unit (version_key) WHERE version_key IS NOT NULL;

CREATE TABLE intake.finding (
  finding_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  submission_id bytea NOT NULL,
  document      bytea,
  unit          integer,
  rule          text NOT NULL,
  severity      text NOT NULL,
  byte_start    bigint,
  byte_len      bigint,
  record        text NOT NULL,
  field         text NOT NULL,
  found         text NOT NULL,
  expected      text NOT NULL
);
CREATE INDEX finding_by_submission ON intake.finding (submission_id, rule);

CREATE TABLE intake.balance (
  submission_id bytea NOT NULL REFERENCES intake.submission,
  kind          text NOT NULL,
  received      bigint NOT NULL,
  loaded        bigint NOT NULL,
  superseded    bigint NOT NULL,
  duplicate     bigint NOT NULL,
  quarantined   bigint NOT NULL,
  excluded      bigint NOT NULL,
  held          bigint NOT NULL,
  PRIMARY KEY (submission_id, kind),
  CONSTRAINT balance_closes
    CHECK (received = loaded + superseded + duplicate + quarantined + excluded + held)
);

-- Data keys of source identities and of document envelopes, wrapped under the key-encryption key.
-- Erasing a person empties the row (wrapped = null); the row stays as proof.
CREATE TABLE keys.data_key (
  key_id       bytea PRIMARY KEY CHECK (length(key_id) = 16),
  wrapped      bytea,
  destroyed_at timestamptz,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
