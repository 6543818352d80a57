-- Dry runs (試算): who asked how many persons a request would reach, and when. Counted before the answer is worked out, so
-- that asking often cannot be used to narrow down a person.

CREATE TABLE release.dry_run (
  dry_run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  applicant  text NOT NULL,            -- the recipient of the request
  asked_on   date NOT NULL,            -- the day in Japan
  at         timestamptz NOT NULL,
  actor      text NOT NULL,            -- the account that asked
  scope_hash text NOT NULL,            -- what was asked
  commit_id  bigint NOT NULL           -- of which snapshot
);
CREATE INDEX dry_run_by_applicant ON release.dry_run (applicant, asked_on);

CREATE TRIGGER dry_run_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON release.dry_run
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
GRANT SELECT, INSERT ON release.dry_run TO musubi_release;
