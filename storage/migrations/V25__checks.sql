-- The checks of the Act: what was found, what people gave as evidence, which program ran, what was published.

-- One row for each check of each run (遵守点検の結果). Append-only.
CREATE TABLE compliance.check_result (
  result_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id       text NOT NULL,
  check_id     text NOT NULL CHECK (check_id ~ '^C-[0-9]{3}$'),
  version      integer NOT NULL,
  param_hash   text NOT NULL,
  input_hash   text NOT NULL,          -- BLAKE3 of everything the judgement looked at; empty when it could not be read
  verdict      text NOT NULL CHECK (verdict IN ('pass', 'fail', 'no-case', 'unreadable')),
  blocking     boolean NOT NULL,
  counts       text NOT NULL,          -- JSON object of numbers
  evidence_ref text[] NOT NULL,        -- tables, ids and hashes; nothing of persons
  at           timestamptz NOT NULL
);
CREATE INDEX check_result_by_check ON compliance.check_result (check_id, at);
CREATE TRIGGER check_result_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.check_result
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- What no program can read is entered by people (証拠): content checked by kind before it comes here. Append-only; of
-- one kind and subject the newest counts.
CREATE TABLE compliance.check_evidence (
  evidence_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL,
  subject      text NOT NULL,
  content      text NOT NULL,          -- canonical JSON
  content_hash text NOT NULL,          -- BLAKE3 of it
  valid_until  date NOT NULL,
  entered_by   text NOT NULL,
  entered_at   timestamptz NOT NULL
);
CREATE INDEX check_evidence_by_kind ON compliance.check_evidence (kind, subject, evidence_id);
CREATE TRIGGER check_evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.check_evidence
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Which program ran a job, under which parameters. Append-only.
CREATE TABLE compliance.program_run (
  run_id       text PRIMARY KEY,
  verb         text NOT NULL,
  subject      text NOT NULL,          -- what it worked on: a release, an inbox's business date; may be empty
  actor        text NOT NULL,
  program_hash text NOT NULL,          -- BLAKE3 of the running binary
  code_version text NOT NULL,
  param_hash   text NOT NULL,
  at           timestamptz NOT NULL
);
CREATE TRIGGER program_run_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.program_run
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- The signed list of programs (プログラムの一覧). A withdrawal is a row of its own. Append-only.
CREATE TABLE compliance.program (
  program_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  program_hash text NOT NULL,
  name         text NOT NULL,
  withdrawn    boolean NOT NULL,
  listed_by    text NOT NULL,
  listed_at    timestamptz NOT NULL,
  signature    text NOT NULL           -- by the house key, domain program/1
);
CREATE TRIGGER program_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.program
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Verifications of releases by somebody else than who built them. Append-only.
CREATE TABLE compliance.release_check (
  release_check_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release_id    text NOT NULL,
  manifest_hash text NOT NULL,         -- BLAKE3 of the manifest of the package that was looked at
  ok            boolean NOT NULL,
  actor         text NOT NULL,
  program_hash  text NOT NULL,
  at            timestamptz NOT NULL
);
CREATE TRIGGER release_check_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.release_check
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- What was published, byte for byte: later releases are held against it (表の保管庫). Append-only.
CREATE TABLE release.published_file (
  release_id text NOT NULL REFERENCES release.ledger,
  name       text NOT NULL,
  content    bytea NOT NULL,
  PRIMARY KEY (release_id, name)
);
CREATE TRIGGER published_file_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON release.published_file
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Openings of sealed values for people, counted by the store under the entry of the audit chain that announced them.
CREATE TABLE compliance.access_count (
  audit_seq bigint NOT NULL,
  role      text NOT NULL,             -- the database role that asked
  opened    bigint NOT NULL,           -- data keys handed out
  PRIMARY KEY (audit_seq, role)
);

GRANT SELECT, INSERT ON compliance.check_result, compliance.check_evidence, compliance.program_run, compliance.program,
  compliance.release_check TO musubi_act;
GRANT SELECT ON compliance.access_count TO musubi_act;
GRANT SELECT, INSERT, UPDATE (opened) ON compliance.access_count TO musubi_ingest, musubi_identity;
GRANT SELECT, INSERT ON release.published_file TO musubi_release;
GRANT SELECT ON release.published_file TO musubi_act, musubi_console;
GRANT SELECT ON compliance.check_result TO musubi_console;
GRANT SELECT ON compliance.release_check TO musubi_release;

-- Where a unit ended, without whose it is.
GRANT SELECT (document, ordinal, submission_id, disposition) ON intake.unit TO musubi_act;
