-- Requests, approvals, and what left the house.

CREATE TABLE board.request (
  request_id text PRIMARY KEY,
  spec       text NOT NULL,            -- the TOML as filed, byte for byte
  scope_hash text NOT NULL,
  filed_at   timestamptz NOT NULL,
  filed_by   text NOT NULL
);

CREATE TABLE board.approval (
  approval_id text PRIMARY KEY,
  request_id  text NOT NULL REFERENCES board.request,
  scope_hash  text NOT NULL,
  approver    text NOT NULL,
  approved_at timestamptz NOT NULL,
  expires_on  date NOT NULL,
  decision    text NOT NULL,           -- the signed decision, canonical JSON
  signature   text NOT NULL
);

-- What a release may look at: written by id-resolution at build time, read by the release role.
CREATE TABLE release.cohort (
  cohort_id   text PRIMARY KEY,
  approval_id text NOT NULL,
  commit_id   bigint NOT NULL,         -- the snapshot
  persons     bigint NOT NULL,
  at          timestamptz NOT NULL
);

CREATE TABLE release.cohort_member (
  cohort_id   text NOT NULL REFERENCES release.cohort,
  identity_id bytea NOT NULL,
  person_key  bytea NOT NULL,          -- new for every cohort; not the research id
  bucket      smallint NOT NULL,       -- where the identity's facts lie
  home        smallint NOT NULL,       -- the bucket that counts this person
  PRIMARY KEY (cohort_id, identity_id)
);
CREATE INDEX cohort_member_by_home ON release.cohort_member (cohort_id, home);

CREATE TABLE release.ledger (
  release_id  text PRIMARY KEY,
  approval_id text NOT NULL,
  request_id  text NOT NULL,
  scope_hash  text NOT NULL,
  commit_id   bigint NOT NULL,
  sealed_at   timestamptz NOT NULL,
  manifest    text NOT NULL,
  signature   text NOT NULL
);

CREATE TABLE release.input (
  release_id text NOT NULL REFERENCES release.ledger,
  file_id    text NOT NULL,
  PRIMARY KEY (release_id, file_id)
);
